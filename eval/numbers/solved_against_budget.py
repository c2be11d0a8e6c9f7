"""Solved against budget: what each arm solves if it is stopped after so many calls, tokens, dollars or seconds.

The same rule applies to every arm, so that a single call and a whole flow can be compared. The user samples the problem
again until a program passes all public tests or the budget is spent. The answer is the program that passes most public
tests; among equals, the first. Within a sample, the answer is the flow's best program at that moment
(`Rollout.checkpoints`). The curve is the mean over all orders of the samples.

Nothing is extrapolated. If the stored samples are used up, no program passes the public tests and budget is left, a
user would continue sampling. There the curve is a lower bound, and `Point.open` says for how many problems.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.numbers.best_so_far import BestSoFar, best_so_far_of
from eval.numbers.cost import Unit
from eval.numbers.criteria import judged_by_problem
from eval.numbers.intervals import Estimate, mean_share
from eval.rollouts.rollout import Rollout

MAX_ORDERS = 120


@dataclass(frozen=True)
class Point:
    """One budget on the curve of one arm.

    solved: share of problems, with its interval over problems.
    open: share of problems on which a user would continue beyond the stored samples; above 0, `solved` is a lower
        bound.
    """

    budget: float
    solved: Estimate
    open: float


@dataclass(frozen=True)
class _Course:
    """One problem, over all orders of its samples.

    spent, solved: from cost `spent[i]` on, the share `solved[i]` of the orders have solved the problem.
    ends: for orders without a program that passes all public tests, the cost of all samples, ascending.
    """

    spent: np.ndarray
    solved: np.ndarray
    ends: np.ndarray
    orders: int

    def at(self, budget: float) -> tuple[float, float]:
        """Share of the orders that have solved the problem, and share that would continue sampling."""
        place = int(np.searchsorted(self.spent, budget, side="right"))
        solved = float(self.solved[place - 1]) if place else 0.0
        return solved, float(np.searchsorted(self.ends, budget, side="left")) / self.orders


class Curve:
    """The curve of one arm, with one course per problem, by the problem's name."""

    def __init__(self, courses: Mapping[str, _Course]) -> None:
        self._courses = courses

    def at(self, budget: float) -> Point:
        seen = [course.at(budget) for course in self._courses.values()]
        return Point(budget, mean_share([solved for solved, _ in seen]), sum(open for _, open in seen) / len(seen))

    def solved_at(self, budget: float) -> dict[str, float]:
        """For each problem, the share of the orders of its samples that have solved it within the budget."""
        return {name: course.at(budget)[0] for name, course in self._courses.items()}

    def budgets(self) -> list[float]:
        """The budgets at which the curve changes, ascending."""
        return sorted({float(spent) for course in self._courses.values() for spent in (*course.spent, *course.ends)})

    def reach(self) -> float:
        """The budget beyond which the curve is a lower bound; infinite if it never is."""
        return min((float(course.ends[0]) for course in self._courses.values() if len(course.ends)), default=math.inf)


def curve_of(rollouts: Iterable[Rollout], unit: Unit) -> Curve | None:
    """The curve of one arm; None if a price is unknown or nothing was judged."""
    judged = judged_by_problem(rollouts)
    problems = {name: [best_so_far_of(each, unit) for each in samples] for name, samples in judged.items()}
    known = {name: [each for each in samples if each] for name, samples in problems.items()}
    if not problems or known != problems:
        return None
    return Curve({name: _course(samples) for name, samples in known.items()})


def solved_against_budget(rollouts: Iterable[Rollout], unit: Unit, budgets: Sequence[float]) -> list[Point] | None:
    """The points of one arm at these budgets per problem; None as in `curve_of`."""
    curve = curve_of(rollouts, unit)
    return [curve.at(budget) for budget in budgets] if curve else None


def round_budgets(largest: float, smallest: float) -> list[float]:
    """Round numbers (1, 2, 5, 10, …) from `smallest`, above 0, to `largest` inclusive."""
    exponents = range(-6, 12)
    series = [digit * 10.0**exponent for exponent in exponents for digit in (1, 2, 5)]
    above = next((each for each in series if each >= largest), series[-1])
    below = next((each for each in series if each >= smallest), series[0])
    return [each for each in series if below <= each <= above]


def _course(samples: Sequence[BestSoFar]) -> _Course:
    changes: list[tuple[float, int]] = []
    ends: list[float] = []
    orders = _orders(samples)
    for order in orders:
        ends += _follow(order, changes)
    changes.sort()
    spent = np.array([at for at, _ in changes])
    solved = np.cumsum([change for _, change in changes]) / len(orders)
    return _Course(spent, solved, np.sort(ends), len(orders))


def _follow(order: Sequence[BestSoFar], changes: list[tuple[float, int]]) -> list[float]:
    """Follow the samples in this order, and append to `changes` where the answer becomes right (1) or wrong (-1).

    Returns:
        The cost of all samples if none of their programs passes all public tests.
    """
    before, best_public, answer, shown = 0.0, -1.0, False, False
    changes += [(spent, 0) for spent, _, _ in order[0].steps[:1]]  # gives a curve that stays at 0 a first point
    for sample in order:
        public, right = -1.0, False
        for spent, public, right in sample.steps:
            now = right if public > best_public else answer
            if now != shown:
                changes.append((before + spent, 1 if now else -1))
                shown = now
        before += sample.cost
        if public > best_public:
            best_public, answer = public, right
        if best_public == 1.0:
            return []
    return [before]


def _orders(samples: Sequence[BestSoFar]) -> list[Sequence[BestSoFar]]:
    """All orders if there are few samples, else random ones with a fixed seed."""
    if len(samples) <= 5:
        return list(itertools.permutations(samples))
    draw = random.Random(0)
    return [draw.sample(samples, len(samples)) for _ in range(MAX_ORDERS)]
