"""Solved against budget: the curves as a table, and arms compared at the same budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.numbers.cost import UNITS, Unit, cost_of
from eval.numbers.criteria import judged_by_problem
from eval.numbers.paired import Pair, differences, on_common
from eval.numbers.solved_against_budget import Curve, Point, curve_of, round_budgets, solved_against_budget
from eval.rollouts.rollout import Rollout
from eval.tables.markdown import NONE, p_value, percent, points, table

NOTE = (
    "Every arm samples a problem again until a program passes all public tests or the budget is spent; ≥ where stored "
    "samples ran out before that."
)


def budget_table(arms: Mapping[str, Sequence[Rollout]], unit: Unit) -> str:
    """A Markdown table: one row per budget, in round numbers up to the cost of the most expensive arm's samples."""
    grid = _grid(arms, unit)
    curves = {arm: solved_against_budget(rollouts, unit, grid) for arm, rollouts in arms.items()}
    if not grid or not any(curves.values()):
        return f"Solved against {unit}: not known for any arm."
    rows = [
        [_amount(budget), *(_cell(curve[row]) if curve else NONE for curve in curves.values())]
        for row, budget in enumerate(grid)
    ]
    return f"{table([f'{unit} per problem', *arms], rows)}\n\n{NOTE}"


def compared_at(arms: Mapping[str, Sequence[Rollout]], budgets: Sequence[tuple[Unit, float]]) -> str:
    """A Markdown table of all arms at the same cost: a row per budget and arm, all in one family of comparisons.

    Args:
        arms: rollouts by the name of the arm; the first is the baseline.
        budgets: unit and amount per problem.
    """
    first = next(iter(arms))
    units: set[Unit] = {unit for unit, _ in budgets}
    curves = {(unit, arm): curve_of(rollouts, unit) for unit in units for arm, rollouts in arms.items()}
    places: list[tuple[Unit, float, str]] = [(unit, amount, arm) for unit, amount in budgets for arm in arms]
    pairs = {
        (unit, amount, arm): pair
        for unit, amount, arm in places
        if arm != first and (pair := _pair_at(amount, curves[unit, first], curves[unit, arm]))
    }
    found = dict(zip(pairs, differences(list(pairs.values())), strict=True))
    rows = []
    for unit, amount, arm in places:
        curve, difference = curves[unit, arm], found.get((unit, amount, arm))
        against = [points(difference.estimate), p_value(difference.corrected)] if difference else [NONE, NONE]
        rows.append([f"{_amount(amount)} {UNITS[unit]}", arm, _cell(curve.at(amount)) if curve else NONE, *against])
    notes = [NOTE, "Stored rollouts are stopped there; a flow that runs with such a budget spends it in another way."]
    if len(found) > 1:
        notes.append(f"These {len(found)} comparisons are one family: p and intervals are corrected for all of them.")
    if None in curves.values():
        notes.append(f"{NONE}: the cost is not known.")
    head = ["at", "program", "solved (95 % CI)", f"against {first} (95 % CI)", "p"]
    return f"{table(head, rows)}\n\n{' '.join(notes)}"


def _pair_at(amount: float, first: Curve | None, second: Curve | None) -> Pair | None:
    """What both arms solve of the problems that they share; None if there are none, or the cost is not known."""
    if not first or not second:
        return None
    names, pair = on_common(first.solved_at(amount), second.solved_at(amount))
    return pair if names else None


def _amount(budget: float) -> str:
    return f"{budget:,.6f}".rstrip("0").rstrip(".")


def _grid(arms: Mapping[str, Sequence[Rollout]], unit: Unit) -> list[float]:
    largest, smallest = 0.0, float("inf")
    for rollouts in arms.values():
        problems = judged_by_problem(rollouts)
        spent = [[cost_of(each, unit) or 0.0 for each in samples] for samples in problems.values()]
        if spent:
            largest = max(largest, sum(map(sum, spent)) / len(spent))
            smallest = min([smallest, *(each for samples in spent for each in samples if each > 0)])
    return round_budgets(largest, smallest) if 0 < smallest <= largest else []


def _cell(point: Point) -> str:
    return f"{'≥ ' if point.open else ''}{percent(point.solved)}"
