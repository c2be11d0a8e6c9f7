"""The curves of solved against budget for the page; see `eval.numbers.solved_against_budget`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eval.numbers.cost import Unit
from eval.numbers.solved_against_budget import curve_of
from eval.rollouts.rollout import Rollout

MOST_STEPS = 100  # of a curve; more are not visible
INTERVALS = 5  # budgets with an interval on a curve


def solved_curve(rollouts: Sequence[Rollout], unit: Unit) -> dict[str, Any] | None:
    """The curve of one arm; None if a cost is unknown or nothing was judged.

    `steps`: [budget, solved], valid until the next budget.
    `intervals`: [budget, low, high], 95 %, at some of the budgets.
    `open`: the budget beyond which the curve is a lower bound; None if that is beyond the drawn part.
    """
    curve = curve_of(rollouts, unit)
    budgets = curve.budgets() if curve else []
    if curve is None or not budgets:
        return None
    points = [curve.at(budget) for budget in _spread(budgets, MOST_STEPS)]
    chosen = [points[index] for index in _far_apart([point.budget for point in points])]
    return {
        "steps": [[point.budget, point.solved.value] for point in points],
        "intervals": [[point.budget, point.solved.low, point.solved.high] for point in chosen],
        "open": curve.reach() if curve.reach() < budgets[-1] else None,
    }


def _far_apart(budgets: Sequence[float]) -> list[int]:
    """Indexes of a few budgets, about evenly spread on the axis, including the last."""
    places = np.geomspace(max(budgets[0], budgets[-1] / 1e6), budgets[-1], INTERVALS) if budgets[-1] else [0.0]
    found = np.searchsorted(budgets, places, side="right") - 1
    return sorted({*(int(i) for i in found if i >= 0), len(budgets) - 1})


def _spread(values: list[Any], most: int) -> list[Any]:
    """At most `most` of `values`, evenly spread, including the first and the last."""
    if len(values) <= most:
        return values
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]
