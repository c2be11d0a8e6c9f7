"""Which problems get the next draws of a total budget: those where a draw most likely solves one more.

The method follows bandit allocation (Zuo and Zhu, arXiv 2506.12721) and Reset-and-Discard (Meir et al., arXiv
2601.21522). Each problem gets one draw. Problems that look solved get no more; among the others, those with the largest
expected gain come first. The chance that a draw passes the public tests is estimated from the problem's own draws and
from those of all problems: a prior over a few skills, fitted again after every batch. No hidden test is used; all that
is known about a problem is its `DrawnSoFar`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from program.rollout.budget import MOST_DRAWS, Allowance, Budget

SKILLS = (0.0, 0.01, 0.03, 0.08, 0.15, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95, 1.0)  # chances that a draw passes
FITTINGS = 30  # steps of the fit of the prior
BATCHES = 8  # a batch has this fraction (1 / BATCHES) of the problems
LEAST = 0.001  # no draw if the chance to solve one more is below this


@dataclass(frozen=True)
class DrawnSoFar:
    """What is known about a problem after some draws.

    programs: number of different programs.
    passing: number of draws with a program that passes all public tests.
    alike: number of these that behave like the program that would be submitted.
    ended: whether a further draw is impossible or would change nothing.
    """

    draws: int = 0
    programs: int = 0
    passing: int = 0
    alike: int = 0
    ended: bool = False


@dataclass(frozen=True)
class Draw:
    """One more draw for a problem: a rollout with this number of draws, and the limits of all of them together."""

    problem: str
    allowance: Allowance


class Allocator:
    """Spreads a total budget over problems, batch by batch. Its decisions depend only on the results of the draws, not
    on their order within a batch or on time.

    Args:
        problems: their names.
        total: calls, tokens or dollars of all problems together. Calls are never exceeded; tokens and dollars may be
            exceeded by the last call of each running draw.

    Attributes:
        allowed: the limits of the last rollout of each problem.
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
        """The spent amount of each limited resource, over all problems."""
        return {name: math.fsum(used[name] for used in self._used.values()) for name in self._total}

    def batch(self) -> list[Draw]:
        """The draws to make now; pass each result to `take`. Empty if the total is spent or no gain is expected.
        Towards the end batches get small, so that each draw has room for as much as the largest draw so far."""
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
        """Record the result of a draw of the last batch.

        Args:
            problem, allowance: of the draw.
            found: what is known about the problem after it.
            used: by all draws of the problem together, by the names of the limits; always includes calls. If a draw
                made no call, the program has ended by itself.
        """
        found = replace(found, ended=found.ended or used["calls"] == self._calls[problem])
        self._calls[problem] = used["calls"]
        before = self._used[problem]
        self._used[problem] = {name: used[name] for name in self._total}
        self._dearest = {name: max(most, used[name] - before[name]) for name, most in self._dearest.items()}
        self._standings[problem], self.allowed[problem] = found, allowance

    def _room(self, name: str, left: float) -> int:
        """How many draws fit into the rest of a resource."""
        dearest, draws = self._dearest[name], sum(each.draws for each in self._standings.values())
        if not dearest or left <= 0:  # unknown before the first batch
            return int(left) if name == "calls" else len(self._standings) * (left > 0)
        return int(left // dearest) or int(left >= self.spent[name] / draws)

    def _allowance(self, problem: str, share: Mapping[str, float]) -> Allowance:
        limits = {name: self._used[problem][name] + amount for name, amount in share.items()}
        return Allowance(draws=self._standings[problem].draws + 1, budget=Budget.model_validate(limits))


def gains_of(standings: Mapping[str, DrawnSoFar]) -> dict[str, float]:
    """The chance that one more draw solves one more problem, for each problem that has not ended."""
    common = commonness(standings.values())
    return {name: round(_gain(each, common), 9) for name, each in standings.items() if not each.ended}


def commonness(standings: Iterable[DrawnSoFar]) -> list[float]:
    """The maximum-likelihood share of problems with each of `SKILLS`, given all draws, plus one pseudo-problem with
    uniform skills."""
    seen = Counter((each.draws, each.passing) for each in standings if each.draws)
    shares = [1 / len(SKILLS)] * len(SKILLS)
    for _ in range(FITTINGS if seen else 0):
        found = [(count, _skill(*pair, shares)) for pair, count in sorted(seen.items())]
        sums = [1 / len(SKILLS) + math.fsum(count * each[k] for count, each in found) for k in range(len(SKILLS))]
        shares = [each / math.fsum(sums) for each in sums]
    return shares


def _skill(draws: int, passing: int, common: Sequence[float]) -> list[float]:
    """The posterior probability of each of `SKILLS`, for a problem with `passing` of `draws` passed."""
    likely = [
        share * skill**passing * (1 - skill) ** (draws - passing) for share, skill in zip(common, SKILLS, strict=True)
    ]
    return [each / math.fsum(likely) for each in likely]


def _gain(found: DrawnSoFar, common: Sequence[float]) -> float:
    """Without a passing program: the chance that the next draw passes, reduced for repeated failed programs
    (`runs/strategies-0.5b`: after two equal failed draws the third passed 1 time in 70, else 1 in 9; the number of
    failed public tests had no influence). Otherwise a draw helps only if the program that would be submitted is wrong,
    and others that behave alike outnumber those like it."""
    if not found.draws:
        return 1.0  # each problem gets one draw
    if found.draws >= MOST_DRAWS:
        return 0.0
    skills = _skill(found.draws, found.passing, common)
    passes = math.fsum(chance * skill for chance, skill in zip(skills, SKILLS, strict=True))
    if not found.passing:
        return passes * min(1.0, found.programs / found.draws)
    others = found.passing - found.alike
    doubt = (others + 0.5) / (found.passing + 1)
    needed = max(0, found.alike - others) + 1  # further programs with one other behaviour
    return passes * doubt**needed / needed
