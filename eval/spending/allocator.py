"""Which problems get the next draws of a total: those where a draw most likely solves one more.

The idea is that of bandit allocation (Zuo and Zhu, arXiv 2506.12721) and of Reset-and-Discard (Meir et al., arXiv
2601.21522): each problem is drawn for once, one that looks solved is left alone, and of the others those come first
where a draw promises most. How likely a draw passes the public tests is reckoned from the problem's own draws and
from those of all problems: a prior over some skills, fitted again after every batch. No hidden test is seen; all that
is known of a problem is its `DrawnSoFar`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from program.rollout.budget import MOST_DRAWS, Allowance, Budget

SKILLS = (0.0, 0.01, 0.03, 0.08, 0.15, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95, 1.0)  # chances that a draw passes
FITTINGS = 30  # steps of the fit of how common each skill is
BATCHES = 8  # a batch has one of so many parts of the problems
LEAST = 0.001  # chance to solve one more below which nothing is drawn


@dataclass(frozen=True)
class DrawnSoFar:
    """What is known of a problem after some draws.

    programs: that differ, of all draws.
    passing: of the draws, those whose program passes all public tests.
    alike: of these, those that behave like the program that would be handed in.
    ended: whether a further draw would change nothing, or cannot be had.
    """

    draws: int = 0
    programs: int = 0
    passing: int = 0
    alike: int = 0
    ended: bool = False


@dataclass(frozen=True)
class Draw:
    """One more draw for a problem: a rollout with so many draws, and what all of them may use."""

    problem: str
    allowance: Allowance


class Allocator:
    """Spreads a total over problems, batch by batch. What it decides depends on what the draws brought only: neither on
    their order within a batch nor on time.

    Args:
        problems: their names.
        total: calls, tokens or dollars of all problems together. Calls are never passed; tokens and dollars may be
            passed by the last call of each draw that is under way.

    Attributes:
        allowed: what the last rollout of each problem was allowed.
    """

    def __init__(self, problems: Sequence[str], total: Budget) -> None:
        self._total = total.model_dump(exclude_none=True)
        self._standings = dict.fromkeys(problems, DrawnSoFar())
        self.allowed = dict.fromkeys(problems, Allowance(draws=0))
        self._used = {name: dict.fromkeys(self._total, 0.0) for name in problems}
        self._calls = dict.fromkeys(problems, 0.0)
        self._dearest = dict.fromkeys(self._total, 0.0)  # draw so far

    @property
    def spent(self) -> dict[str, float]:
        """Of each limited resource, on all problems."""
        return {name: math.fsum(used[name] for used in self._used.values()) for name in self._total}

    def batch(self) -> list[Draw]:
        """The draws to make now, each to be handed to `take`; none when the total is spent or nothing is to be gained.
        Towards the end batches get small, so that each draw has room for as much as any needed so far."""
        gains = gains_of(self._standings)
        wanted = sorted((name for name in gains if gains[name] >= LEAST), key=lambda name: -gains[name])
        spent = self.spent
        left = {name: limit - spent[name] for name, limit in self._total.items()}
        size = min(math.ceil(len(self._standings) / BATCHES), len(wanted), *map(self._room, left, left.values()))
        if size < 1:
            return []
        share = {name: amount / size if name == "dollars" else amount // size for name, amount in left.items()}
        return [Draw(name, self._allowance(name, share)) for name in wanted[:size]]

    def take(self, problem: str, allowance: Allowance, found: DrawnSoFar, used: Mapping[str, float]) -> None:
        """Take up what a draw of the last batch brought.

        Args:
            problem, allowance: of the draw.
            found: the problem's standing after it.
            used: by all draws of the problem together, by the names of the limits; calls in any case. Where a draw
                made none, the program has ended by itself.
        """
        found = replace(found, ended=found.ended or used["calls"] == self._calls[problem])
        self._calls[problem] = used["calls"]
        before = self._used[problem]
        self._used[problem] = {name: used[name] for name in self._total}
        self._dearest = {name: max(most, used[name] - before[name]) for name, most in self._dearest.items()}
        self._standings[problem], self.allowed[problem] = found, allowance

    def _room(self, name: str, left: float) -> int:
        """For how many draws there is room in what is left of a resource."""
        dearest, draws = self._dearest[name], sum(each.draws for each in self._standings.values())
        if not dearest or left <= 0:  # the first batch finds out
            return int(left) if name == "calls" else len(self._standings) * (left > 0)
        return int(left // dearest) or int(left >= self.spent[name] / draws)

    def _allowance(self, problem: str, share: Mapping[str, float]) -> Allowance:
        limits = {name: self._used[problem][name] + amount for name, amount in share.items()}
        return Allowance(draws=self._standings[problem].draws + 1, budget=Budget.model_validate(limits))


def gains_of(standings: Mapping[str, DrawnSoFar]) -> dict[str, float]:
    """The chance that one more draw solves one more problem, for each problem that is not ended."""
    common = commonness(standings.values())
    return {name: round(_gain(each, common), 9) for name, each in standings.items() if not each.ended}


def commonness(standings: Iterable[DrawnSoFar]) -> list[float]:
    """The share of problems of each of `SKILLS`, most likely by how all draws did, with one more problem that may have
    any of them alike."""
    seen = Counter((each.draws, each.passing) for each in standings if each.draws)
    shares = [1 / len(SKILLS)] * len(SKILLS)
    for _ in range(FITTINGS if seen else 0):
        found = [(count, _skill(*pair, shares)) for pair, count in sorted(seen.items())]
        sums = [1 / len(SKILLS) + math.fsum(count * each[k] for count, each in found) for k in range(len(SKILLS))]
        shares = [each / math.fsum(sums) for each in sums]
    return shares


def _skill(draws: int, passing: int, common: Sequence[float]) -> list[float]:
    """The probability of each of `SKILLS`, for a problem of whose draws so many passed."""
    likely = [
        share * skill**passing * (1 - skill) ** (draws - passing) for share, skill in zip(common, SKILLS, strict=True)
    ]
    return [each / math.fsum(likely) for each in likely]


def _gain(standing: DrawnSoFar, common: Sequence[float]) -> float:
    """Without a program that passes, the chance that the next one does, by which it is not one of those that failed
    (`runs/strategies-0.5b`: where two failed draws were the same, the third passed 1 time in 70, else 1 in 9; how many
    public tests a program failed said nothing). Else a draw helps only where the program that
    would be handed in is wrong and others that behave alike outnumber those like it."""
    if not standing.draws:
        return 1.0  # each problem gets one
    if standing.draws >= MOST_DRAWS:
        return 0.0
    skills = _skill(standing.draws, standing.passing, common)
    passes = math.fsum(chance * skill for chance, skill in zip(skills, SKILLS, strict=True))
    if not standing.passing:
        return passes * min(1.0, standing.programs / standing.draws)
    others = standing.passing - standing.alike
    doubt = (others + 0.5) / (standing.passing + 1)
    needed = max(0, standing.alike - others) + 1  # further programs of one other behaviour
    return passes * doubt**needed / needed
