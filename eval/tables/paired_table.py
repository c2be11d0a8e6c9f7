"""Paired comparisons as text: the table of a family, a note on the family, and a sentence per difference."""

from __future__ import annotations

from collections.abc import Mapping

from eval.numbers.paired import Difference, Paired
from eval.tables.markdown import NONE, ends, p_text, p_value, points, signed, table


def paired_table(first: str, against: Mapping[str, Paired]) -> str:
    """A Markdown table of one family of comparisons: one row per arm against the first, and a note below.

    Args:
        first: the name of the first arm.
        against: by the name of the other arm.
    """
    head = [f"against {first}", "problems", "solved (95 % CI)", "p"]
    head += ["hidden tests passed (95 % CI)", "p", "power for +10 points solved"]
    rows = [
        [
            arm,
            str(len(each.before)),
            points(each.solved.estimate),
            p_value(each.solved.corrected),
            points(each.hidden.estimate),
            p_value(each.hidden.corrected),
            NONE if each.power is None else f"{each.power:.0%}",
        ]
        for arm, each in against.items()
    ]
    return f"{table(head, rows)}\n\n{family_note(first, len(against))}"


def family_note(first: str, family: int) -> str:
    """The meaning of the differences, p-values, intervals and power.

    Args:
        first: the name of the first arm.
        family: number of arms compared with it.
    """
    said = [
        f"A difference is the program's mean minus that of {first}, over the problems that both have.",
        "It is shown where p is at most 0.05.",
        "Power is the chance that a true difference of 10 points would be shown.",
    ]
    if family > 1:
        said[1] += (
            f" These {family} comparisons are one family: p is corrected for all of them (Holm), and their intervals "
            "are simultaneous. So the chance of any false difference is at most 5 %, in each measure."
        )
    return " ".join(said)


def sentence(first: str, second: str, paired: Paired) -> str:
    """The result of a comparison for the problems solved.

    Args:
        first, second: names of the arms.
        paired: the second against the first.
    """
    numbers, found = _numbers(paired.solved, paired.family), paired.solved
    if found.shown:
        return f"{second} solves {'more' if found.estimate.value > 0 else 'fewer'} problems than {first}: {numbers}."
    said = f"It is not shown whether {second} solves more or fewer problems than {first}: {numbers}."
    if paired.power is None:
        return said
    return f"{said} At this size a true difference of 10 points would be shown {100 * paired.power:.0f} times in 100."


def _numbers(difference: Difference, family: int) -> str:
    corrected = f" (corrected for {family} comparisons)" if family > 1 else ""
    found = difference.estimate
    return f"{signed(found)} points, 95 % CI {ends(found)}, {p_text(difference.corrected)}{corrected}"
