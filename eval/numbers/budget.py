"""Solved against budget: what each arm had solved, had it been stopped after so many calls, tokens, dollars or seconds.

Every arm is held to the same rule, so that one call and a whole flow can be compared: sample the problem again until a
program passes all public tests or the budget is spent; answer with the program that passes most public tests, of
equals the one found first. Inside of a sample its answer is what the flow itself held best at that moment
(`Rollout.checkpoints`). Samples come in any order alike: the curve is the mean over their orders.

Nothing is made up beyond the stored samples: where they are used up, no program passes the public tests, and budget is
left, a user would have sampled on; what the curve says there is a lower bound, and `Point.open` says for how many.
"""

from __future__ import annotations

import itertools
import random
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from eval.numbers.criteria import judged_by_problem
from eval.numbers.evidence import public_share
from eval.numbers.intervals import Estimate, mean_share
from eval.rollout import Checkpoint, Rollout
from program.account import name_of

Unit = Literal["calls", "tokens", "dollars", "seconds"]
MAX_ORDERS = 120


@dataclass(frozen=True)
class Point:
    """One budget on the curve of one arm.

    solved: share of problems, with its interval over problems.
    open: share of problems on which one would have sampled beyond what is stored; above 0, `solved` is a lower bound.
    """

    budget: float
    solved: Estimate
    open: float


@dataclass(frozen=True)
class _Course:
    """One problem, its samples in one order: from `spent[i]` on `solved[i]` holds, until all ends at `end`."""

    spent: list[float]
    solved: list[bool]
    end: float
    satisfied: bool  # a program passes all public tests, so that nothing more is asked for

    def at(self, budget: float) -> tuple[bool, bool]:
        """Whether the problem is solved at the budget, and whether what is stored does not reach that far."""
        place = bisect_right(self.spent, budget)
        return place > 0 and self.solved[place - 1], not self.satisfied and budget > self.end


def solved_against_budget(rollouts: Iterable[Rollout], unit: Unit, budgets: Sequence[float]) -> list[Point] | None:
    """The curve of one arm at these budgets a problem; None where a price is not known."""
    problems = judged_by_problem(rollouts)
    if not problems or any(spent_by(each, unit) is None for samples in problems.values() for each in samples):
        return None
    courses = [[_course(order, unit) for order in _orders(samples)] for samples in problems.values()]
    points = []
    for budget in budgets:
        seen = [[course.at(budget) for course in orders] for orders in courses]
        solved = [sum(each for each, _ in orders) / len(orders) for orders in seen]
        unknown = [sum(each for _, each in orders) / len(orders) for orders in seen]
        points.append(Point(budget, mean_share(solved), sum(unknown) / len(unknown)))
    return points


def round_budgets(largest: float, smallest: float) -> list[float]:
    """Round numbers (1, 2, 5, 10, …) that reach from `smallest`, above 0, to `largest` inclusive."""
    exponents = range(-6, 12)
    series = [digit * 10.0**exponent for exponent in exponents for digit in (1, 2, 5)]
    above = next((each for each in series if each >= largest), series[-1])
    below = next((each for each in series if each >= smallest), series[0])
    return [each for each in series if below <= each <= above]


def spent_by(rollout: Rollout, unit: Unit) -> float | None:
    """What the whole rollout cost; None where that is not known."""
    if not rollout.cost_known:
        return None
    totals = rollout.totals
    match unit:
        case "calls":
            return totals.calls
        case "tokens":
            return totals.prompt_tokens + totals.completion_tokens
        case "dollars":
            return totals.dollars
        case "seconds":
            return rollout.seconds


def _course(samples: Sequence[Rollout], unit: Unit) -> _Course:
    spent, solved = [], []
    before, standing, standing_solved = 0.0, -1.0, False
    for sample in samples:
        share, holds = -1.0, False
        for checkpoint, share in _checkpoints(sample):
            holds = checkpoint.solved
            spent.append(before + (getattr(checkpoint, unit) or 0.0))
            solved.append(holds if share > standing else standing_solved)
        before += spent_by(sample, unit) or 0.0
        if share > standing:
            standing, standing_solved = share, holds
        if standing == 1.0:
            break
    return _Course(spent, solved, before, standing == 1.0)


def _checkpoints(rollout: Rollout) -> list[tuple[Checkpoint, float]]:
    """The checkpoints, each with the share of public tests its program passes."""
    assert rollout.score is not None
    public, answer = rollout.score.public, name_of(rollout.code)
    at_the_end = public.passed / public.total if public.total else 1.0
    if not rollout.checkpoints and rollout.code:  # runs of before there were checkpoints: the end is all that is known
        return [(_last(rollout), at_the_end)]
    events = rollout.account.events
    return [
        (each, at_the_end if each.program == answer else public_share(events, each.program, public.total))
        for each in rollout.checkpoints
    ]


def _last(rollout: Rollout) -> Checkpoint:
    totals, score = rollout.totals, rollout.score
    assert score is not None
    return Checkpoint(
        program=name_of(rollout.code),
        calls=totals.calls,
        tokens=totals.prompt_tokens + totals.completion_tokens,
        dollars=totals.dollars,
        seconds=rollout.seconds,
        fixes=0,
        solved=score.solved,
        hidden_rate=score.hidden_rate,
    )


def _orders(samples: Sequence[Rollout]) -> list[Sequence[Rollout]]:
    """Every order where there are few samples, else some at random, the same ones each time."""
    if len(samples) <= 5:
        return list(itertools.permutations(samples))
    draw = random.Random(0)
    return [draw.sample(samples, len(samples)) for _ in range(MAX_ORDERS)]
