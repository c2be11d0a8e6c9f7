"""Compare programs that were written with some words and programs that were written without them.

One right program says nothing about a plan, because a single draw of the same prompt is right or wrong by chance. When
one right program counted as proof, bad wording of such plans appeared in plans for other problems, and the compiled
flow solved less than the hand-written one (docs/measured/results.md). So words are tested on their own problem, with at
least `PROGRAMS` programs with them and as many without them, from the stage that reads them. Fisher's exact test is
made for such small samples.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import comb
from typing import Any

from optimize.credit.evidence import Credit, Episode, Step
from program.problem import Problem
from signatures.answer_fields import PROGRAM_FIELD

PROGRAMS = 4  # minimum on each side
# Level of the one-sided exact test. With four against four, 3:0, 4:0 and 4:1 are enough. Words without effect pass in
# at most 3.5 % of cases, or 6.8 % if one of their counted programs had to be right from the start. Words that raise
# the share of right programs from 20 % to 80 % pass in half of the cases.
LEVEL = 0.1
Inputs = dict[str, Any]
Side = Callable[[Step], bool | None]  # whether a program was written with the words; None if it does not count


@dataclass(frozen=True)
class Contrast:
    """The evidence so far.

    problem: to which the words belong.
    it: "program" or "function".
    writer: the stage that reads the words and writes programs.
    asked, without: its inputs with the words, and without them (several variants in order).
    is_right: judges a program.
    good, others: whether each program with the words, and each without them, is right.
    """

    problem: Problem
    it: str
    writer: str
    asked: Inputs = field(repr=False)
    without: Sequence[Inputs] = field(repr=False)
    is_right: Callable[[str], bool] = field(repr=False)
    good: Sequence[bool] = ()
    others: Sequence[bool] = ()

    def and_more(self, codes: Sequence[str], with_words: bool) -> Contrast:
        """The contrast with further programs; an empty text means that no program was given."""
        with ThreadPoolExecutor(max(1, len(codes))) as threads:  # a program that never ends takes a minute
            right = list(threads.map(lambda code: bool(code.strip()) and self.is_right(code), codes))
        if with_words:
            return replace(self, good=[*self.good, *right])
        return replace(self, others=[*self.others, *right])

    @property
    def shows(self) -> bool:
        """Whether the words are proven."""
        enough = min(len(self.good), len(self.others)) >= PROGRAMS
        return enough and chance(sum(self.good), len(self.good), sum(self.others), len(self.others)) <= LEVEL

    @property
    def may_show(self) -> bool:
        """Whether the words are proven, or would be if all missing programs were in their favour."""
        with_words, without = self.missing
        return replace(self, good=[*self.good, *[True] * with_words], others=[*self.others, *[False] * without]).shows

    @property
    def missing(self) -> tuple[int, int]:
        """How many programs are missing on each side."""
        return max(0, PROGRAMS - len(self.good)), max(0, PROGRAMS - len(self.others))

    @property
    def credit(self) -> Credit:
        """How much more often programs with the words are right, shrunk for small samples."""
        score = max(0.0, _expected(self.good) - _expected(self.others))
        said = ", ".join(
            f"{sum(side)} of {len(side)} {self.it}s written {how} it are right"
            for side, how in ((self.good, "with"), (self.others, "without"))
        )
        return Credit(score, self.shows, (said,))


def contrast(episode: Episode, writer: str, side: Side, strip: Callable[[Inputs], list[Inputs]]) -> Contrast | None:
    """The evidence in the rollouts of a problem about some words; None if no program in the words' own rollout was
    written with them.

    Args:
        episode: the rollout that the words are from.
        writer: the stage that reads them.
        side: classifies a call of that stage.
        strip: the variants of the inputs of such a call without the words.
    """
    own = next((each for each in episode.steps if each.stage == writer and _is_fresh(each) and side(each)), None)
    if own is None:
        return None
    found = Contrast(
        problem=episode.problem,
        it=episode.words.it,
        writer=writer,
        asked=own.inputs,
        without=strip(own.inputs),
        is_right=episode.is_right,
    )
    programs = _programs(episode, writer)
    for with_words in (True, False):
        found = found.and_more([code for each, code in programs if side(each) is with_words], with_words)
    return found


def chance(good: int, of_good: int, others: int, of_others: int) -> float:
    """The one-sided p-value of Fisher's exact test: the probability of at least this many right programs on the first
    side if right programs are equally likely on both."""
    right, every = good + others, of_good + of_others
    ways = (comb(of_good, k) * comb(of_others, right - k) for k in range(good, min(of_good, right) + 1))
    return sum(ways) / comb(every, right)


def _programs(episode: Episode, writer: str) -> list[tuple[Step, str]]:
    """The calls of a stage in all rollouts of a problem, each with its program, without calls that saw another
    program's failure. Candidates of a race share answers: the same answer to the same question in the same sample
    counts once."""
    samples: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    calls: dict[tuple[str, str], Step] = {}
    for each in (episode, *episode.others):
        steps = [step for step in each.steps if step.stage == writer and _is_fresh(step)]
        keys = [(repr(step.inputs), _code_of(step)) for step in steps]
        samples[each.sample] |= Counter(keys)
        calls |= dict(zip(keys, steps, strict=True))
    return [(calls[key], key[1]) for count in samples.values() for key in count.elements()]


def _is_fresh(step: Step) -> bool:
    return step.stage != "WriteCode" or not step.inputs.get("failure")


def _code_of(step: Step) -> str:
    return step.outputs[PROGRAM_FIELD[step.stage]]


def _expected(side: Sequence[bool]) -> float:
    """The expected share of right programs, by the rule of succession."""
    return (sum(side) + 1) / (len(side) + 2)
