"""Programs that were written with some words against programs that were written without them.

What followed depends on much besides a plan, and one right program says nothing about it: a single draw of the same
prompt is right or wrong by chance. Plans that one program had proven brought their slips of wording into the plans of
other problems, and the compiled flow solved less than the hand-written one (docs/measured/results.md). So words are
compared on their own problem, by at least `PROGRAMS` programs with them and as many without them, of the stage that
reads them: a difference between two small samples, for which Fisher's exact test is made.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import comb
from typing import Any

from optimize.credit.evidence import Credit, Episode, Step
from program.problem import Problem

PROGRAMS = 4  # on either side at least
# Of the one-sided exact test. Of four against four 3:0, 4:0 and 4:1 are enough. Words that change nothing come that far
# in 3.5 % of cases at most, in 6.8 % where one of their programs, which counts, had to be right to begin with; words
# that raise the share of right programs from 20 % to 80 % do in half of the cases.
LEVEL = 0.1
Inputs = dict[str, Any]
Side = Callable[[Step], bool | None]  # whether a program was written with the words; None where it tells nothing


@dataclass(frozen=True)
class Contrast:
    """What is known so far.

    problem: of the words.
    it: "program" or "function".
    writer: the stage that reads the words and writes programs.
    asked, without: its inputs with the words; and without them, where there are several ways one after the other.
    is_right: judges a program.
    good, others: whether each program is right that was written with the words, and without them.
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
        """With further programs; an empty one is one that was not given."""
        right = [bool(code.strip()) and self.is_right(code) for code in codes]
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
        """Whether they are proven, or would be if every program that is missing came out in their favour."""
        with_words, without = self.missing
        return replace(self, good=[*self.good, *[True] * with_words], others=[*self.others, *[False] * without]).shows

    @property
    def missing(self) -> tuple[int, int]:
        """How many programs are wanting on either side."""
        return max(0, PROGRAMS - len(self.good)), max(0, PROGRAMS - len(self.others))

    @property
    def credit(self) -> Credit:
        """By how much programs written with the words are right more often; the fewer there are, the less it is."""
        score = max(0.0, _expected(self.good) - _expected(self.others))
        said = ", ".join(
            f"{sum(side)} of {len(side)} {self.it}s written {how} it are right"
            for side, how in ((self.good, "with"), (self.others, "without"))
        )
        return Credit(score, self.shows, (said,))


def contrast(episode: Episode, writer: str, side: Side, strip: Callable[[Inputs], list[Inputs]]) -> Contrast | None:
    """What the rollouts of a problem tell about some words; None where in the rollout that they are from no program was
    written with them.

    Args:
        episode: the rollout that the words are from.
        writer: the stage that reads them.
        side: of a call of that stage.
        strip: the inputs of such a call without the words; one of several ways each.
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
        is_right=lambda code: episode.rate(code) >= episode.threshold,
    )
    programs = _programs(episode, writer)
    for with_words in (True, False):
        found = found.and_more([code for each, code in programs if side(each) is with_words], with_words)
    return found


def chance(good: int, of_good: int, others: int, of_others: int) -> float:
    """The one-sided p-value of Fisher's exact test: how likely so many right programs or more are on the first side
    where right ones are as likely on both."""
    right, every = good + others, of_good + of_others
    ways = (comb(of_good, k) * comb(of_others, right - k) for k in range(good, min(of_good, right) + 1))
    return sum(ways) / comb(every, right)


def _programs(episode: Episode, writer: str) -> list[tuple[Step, str]]:
    """The calls of a stage in all rollouts of a problem, each with its program; none that was shown how another one
    failed. Candidates of a race share answers: the same answer to the same question in the same sample is one."""
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
    return step.outputs["fixed_code" if step.stage == "FixCode" else "code"]


def _expected(side: Sequence[bool]) -> float:
    """The share of right programs to be expected, by the rule of succession."""
    return (sum(side) + 1) / (len(side) + 2)
