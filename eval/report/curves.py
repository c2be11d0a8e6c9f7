"""Solved against budget: what each arm would have solved, had every rollout been stopped after so much spending.

Made from the checkpoints of stored rollouts: one run gives the curve over all budgets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from eval.numbers.intervals import mean_share
from eval.rollout import Rollout

Unit = Literal["calls", "tokens", "dollars", "seconds"]
UNITS: tuple[Unit, ...] = ("calls", "tokens", "dollars", "seconds")
MOST_STEPS = 100  # of a curve; more cannot be seen
INTERVALS = 5  # budgets with an interval on a curve


def solved_curve(rollouts: Sequence[Rollout], unit: Unit) -> dict[str, Any] | None:
    """The curve of one arm, None where a cost is not known or nothing was judged.

    `steps`: [budget, solved] pairs, solved being the mean over problems of the share of samples whose best program
    within the budget passes everything; it holds until the next budget.
    `intervals`: [budget, low, high], 95 % over problems, at some of the budgets.
    """
    paths: dict[str, list[list[tuple[float, bool]]]] = defaultdict(list)
    for rollout in rollouts:
        if rollout.score is not None:
            path = _path(rollout, unit)
            if path is None:
                return None
            paths[rollout.problem].append(path)
    budgets = sorted({spent for samples in paths.values() for path in samples for spent, _ in path})
    if not budgets:
        return None
    chosen = _spread(budgets, MOST_STEPS)
    shares = np.array([np.mean([_solved_at(path, chosen) for path in samples], axis=0) for samples in paths.values()])
    solved = shares.mean(axis=0)
    steps = [[float(budget), float(share)] for budget, share in zip(chosen, solved, strict=True)]
    intervals = [[chosen[i], *mean_share(shares[:, i].tolist())[1:]] for i in _far_apart(chosen)]
    return {"steps": steps, "intervals": intervals}


def _path(rollout: Rollout, unit: Unit) -> list[tuple[float, bool]] | None:
    """What was spent at each change of the best program, and whether that program passes everything."""
    path: list[tuple[float, bool]] = []
    for cost, solved in _checkpoints(rollout, unit):
        if cost is None:
            return None
        path.append((cost, solved))
    return path


def _checkpoints(rollout: Rollout, unit: Unit) -> list[tuple[float | None, bool]]:
    """What is known of them; runs older than checkpoints know the end only."""
    if rollout.checkpoints or not rollout.code:
        return [(getattr(point, unit), point.solved) for point in rollout.checkpoints]
    totals = rollout.totals
    if not costs_known(rollout):
        return [(None, False)]
    match unit:
        case "calls":
            cost = totals.calls
        case "tokens":
            cost = totals.prompt_tokens + totals.completion_tokens
        case "dollars":
            cost = totals.dollars
        case "seconds":
            cost = rollout.seconds
    return [(cost, rollout.status == "solved")]


def costs_known(rollout: Rollout) -> bool:
    """Whether it is known how the program came about; of those made elsewhere it is not."""
    return bool(rollout.totals.calls or rollout.account.calls)


def _solved_at(path: list[tuple[float, bool]], budgets: Sequence[float]) -> np.ndarray:
    costs, solved = [cost for cost, _ in path], np.array([False, *(each for _, each in path)])
    return solved[np.searchsorted(costs, budgets, side="right")]


def _far_apart(budgets: Sequence[float]) -> list[int]:
    """Indexes of a few budgets, about evenly spread on the axis, the last one among them."""
    places = np.geomspace(max(budgets[0], budgets[-1] / 1e6), budgets[-1], INTERVALS) if budgets[-1] else [0.0]
    found = np.searchsorted(budgets, places, side="right") - 1
    return sorted({*(int(i) for i in found if i >= 0), len(budgets) - 1})


def _spread(values: list[Any], most: int) -> list[Any]:
    """At most so many of `values`, evenly spread, the first and the last among them."""
    if len(values) <= most:
        return values
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]
