"""Arms compared with the first arm on the same problems: differences, significance and power."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.numbers.criteria import hidden_rates, outcomes, shares
from eval.numbers.intervals import Estimate, difference_estimate
from eval.numbers.paired_tests import holm, paired_p
from eval.numbers.power import power
from eval.rollouts.rollout import Rollout

SHOWN_AT = 0.05  # the p-value after Holm's correction
Pair = tuple[Sequence[float], Sequence[float]]  # the first and the second arm, problem by problem


@dataclass(frozen=True)
class Difference:
    """Second arm minus first: the difference of a share, averaged over problems, in a family of comparisons.

    estimate: its interval is simultaneous over the family, and excludes 0 exactly if `shown`.
    p: of this comparison alone; see `paired_p`.
    corrected: p after Holm's correction over the family.
    """

    estimate: Estimate
    p: float
    corrected: float

    @property
    def shown(self) -> bool:
        return self.corrected <= SHOWN_AT


@dataclass(frozen=True)
class Paired:
    """The second arm against the first, on the problems with judged samples of both.

    before, after: the solved share of each problem's samples, by problem.
    solved, hidden: the differences in the solved share and in the share of hidden tests passed.
    family: how many arms were compared with the first.
    power: the chance that a true difference of ten points in the solved share would be shown; None if unknown.
    """

    before: dict[str, float]
    after: dict[str, float]
    solved: Difference
    hidden: Difference
    family: int
    power: float | None

    @property
    def won(self) -> list[str]:
        """Problems the second arm solves more often."""
        return [name for name in self.before if self.after[name] > self.before[name]]

    @property
    def lost(self) -> list[str]:
        """Problems the first arm solves more often."""
        return [name for name in self.before if self.after[name] < self.before[name]]

    @property
    def single(self) -> bool:
        """Whether every problem is either solved or not, in both arms."""
        return {*self.before.values(), *self.after.values()} <= {0.0, 1.0}


def pair_all(first: Sequence[Rollout], others: Sequence[Sequence[Rollout]]) -> list[Paired | None]:
    """Compare several arms with the first; None for an arm without a judged problem in common.

    Args:
        first, others: the rollouts of each arm.
    """
    arms = [shares(outcomes(rollouts)) for rollouts in (first, *others)]
    rates = [hidden_rates(rollouts) for rollouts in (first, *others)]
    shared = {place: both for place in range(1, len(arms)) if (both := on_common(arms[0], arms[place]))[0]}
    solved = [pair for _, pair in shared.values()]
    hidden = [on_common(rates[0], rates[place])[1] for place in shared]
    found = {}
    for place, pair, *tested in zip(shared, solved, differences(solved), differences(hidden), strict=True):
        before, after = (dict(zip(shared[place][0], values, strict=True)) for values in pair)
        chance = power(_subtracted(*pair), SHOWN_AT / len(shared))
        found[place] = Paired(before, after, *tested, family=len(shared), power=chance)
    return [found.get(place) for place in range(1, len(arms))]


def on_common(first: Mapping[str, float], second: Mapping[str, float]) -> tuple[list[str], Pair]:
    """The names of the problems that two arms share, sorted, and the values of both on these."""
    names = sorted(first.keys() & second.keys())
    return names, ([first[name] for name in names], [second[name] for name in names])


def _subtracted(first: Sequence[float], second: Sequence[float]) -> list[float]:
    return [after - before for before, after in zip(first, second, strict=True)]


def differences(pairs: Sequence[Pair]) -> list[Difference]:
    """The tests and intervals of a family of comparisons.

    The intervals are simultaneous (Bonferroni). If an interval and the test disagree about 0, the test decides, and the
    interval ends at 0.

    Args:
        pairs: for each comparison the values of both arms, between 0 and 1.
    """
    tested = [paired_p(_subtracted(*pair)) for pair in pairs]
    found = []
    for pair, p, corrected in zip(pairs, tested, holm(tested), strict=True):
        value, low, high = difference_estimate(*pair, level=SHOWN_AT / len(pairs))
        if corrected > SHOWN_AT:
            low, high = min(low, 0.0), max(high, 0.0)
        elif value > 0:
            low = max(low, sys.float_info.min)
        else:
            high = min(high, -sys.float_info.min)
        found.append(Difference(Estimate(value, low, high), p, corrected))
    return found
