"""The curves of solved against budget as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.numbers.cost import Unit, cost_of
from eval.numbers.criteria import judged_by_problem
from eval.numbers.solved_against_budget import Point, round_budgets, solved_against_budget
from eval.rollouts.rollout import Rollout
from eval.tables.markdown import NONE, percent, table

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
        [f"{budget:,.6f}".rstrip("0").rstrip("."), *(_cell(curve[row]) if curve else NONE for curve in curves.values())]
        for row, budget in enumerate(grid)
    ]
    return f"{table([f'{unit} per problem', *arms], rows)}\n\n{NOTE}"


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
