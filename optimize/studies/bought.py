"""The benefit of a compilation, as a table of five lines."""

from __future__ import annotations

from collections.abc import Sequence

from eval.numbers.cost import costs
from eval.numbers.criteria import hidden_rates, outcomes, shares
from eval.numbers.intervals import difference_estimate
from eval.numbers.paired import on_common
from eval.numbers.power import least_difference
from eval.rollouts.rollout import Rollout
from eval.tables.markdown import NONE, points, quantity, table

COSTS = ("LM calls", "tokens")


def bought(
    rollouts: Sequence[Rollout], start: str, other: str, name: str = "compiled", on: str = "it has not seen"
) -> str:
    """The compiled program and its start, on the problems that were judged for both.

    Args:
        rollouts: of both.
        start, other: their arms.
        name: of the other program in the table.
        on: which problems these are.
    """
    arms = [[each for each in rollouts if each.arm == arm] for arm in (start, other)]
    both, pair = on_common(*(shares(outcomes(arm)) for arm in arms))
    if not both:
        return "there is nothing to compare: no problem was judged for both programs"
    arms = [[each for each in arm if each.problem in both] for arm in arms]
    solved = [sum(values) for values in pair]
    passed = [hidden_rates(arm) for arm in arms]
    spent = [costs(arm) for arm in arms]
    moved = [b - a for a, b in zip(*pair, strict=True)]
    seen = "no difference would be shown on so few" if any(moved) else "no problem differs"
    if least := least_difference(moved, len(both)):
        seen = f"one of {100 * least:.0f} points would be shown in 80 of 100 such runs"
    rows = [
        ["solved", *(f"{100 * each / len(both):.0f} %" for each in solved)],
        ["hidden tests passed", *(f"{100 * sum(each.values()) / max(1, len(each)):.0f} %" for each in passed)],
        *([what, *(quantity(each[what].each.value) if what in each else NONE for each in spent)] for what in COSTS),
        ["difference in solved", f"{points(difference_estimate(*pair))}; {seen}", ""],
    ]
    return table([f"{len(both)} problems {on}", start, name], rows)
