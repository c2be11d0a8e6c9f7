"""Numbers as Markdown: tables, and estimates with their intervals in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from eval.numbers.intervals import Estimate
from eval.numbers.pass_at_k import TooFewSamples
from program.cli.output import one_line

NONE = "–"  # where there is no number


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, without control characters, because names come from data."""
    lines = [f"| {' | '.join(map(one_line, head))} |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *(f"| {' | '.join(map(one_line, row))} |" for row in rows)])


def percent(estimate: Estimate | None) -> str:
    """`38.9 % (25–54)`: a share with its interval."""
    if estimate is None or math.isnan(estimate.value):
        return NONE
    return f"{estimate.value:.1%} ({bounds(estimate)})".replace("%", " %")


def percent_at_k(estimate: Callable[[], Estimate], none: str = NONE) -> str:
    """As `percent`; `k = 5 on 3 of 4 problems` if some have too few samples, and `none` if all have."""
    try:
        return percent(estimate())
    except TooFewSamples as few:
        return few.short if few.enough else none


def bounds(estimate: Estimate) -> str:
    """`25–54`: the interval of a share, in percent."""
    return f"{estimate.low * 100:.0f}–{estimate.high * 100:.0f}" if not math.isnan(estimate.low) else NONE


def points(estimate: Estimate) -> str:
    """`+5.1 points (-1.2 to +11.4)`: a difference of shares with its interval."""
    return f"{signed(estimate)} points ({ends(estimate)})"


def signed(estimate: Estimate) -> str:
    """`+5.1`: a difference of shares, in points."""
    return f"{100 * estimate.value:+z.1f}"


def ends(estimate: Estimate) -> str:
    """`-1.2 to +11.4`: the interval of a difference, in points. An end of exactly 0 is included; an end that only
    rounds to 0 is `above 0` or `below 0`.
    """
    return f"{_end(estimate.low)} to {_end(estimate.high)}"


def _end(share: float) -> str:
    text = f"{share * 100:+.1f}"
    if float(text):
        return text
    return "0" if share == 0 else "above 0" if share > 0 else "below 0"


def p_value(p: float) -> str:
    """`0.034`; `< 0.001` below that; values above 0.05 are never rounded to 0.050."""
    if p < 0.001:
        return "< 0.001"
    return "0.051" if 0.05 < p < 0.051 else f"{p:.3f}"


def p_text(p: float) -> str:
    """`p = 0.034` or `p < 0.001`; see `p_value`."""
    return f"p {p_value(p)}" if p < 0.001 else f"p = {p_value(p)}"


def estimate_text(estimate: Estimate | None) -> str:
    """`1,234 (987–?)`: a cost with its interval; ? for an unknown end."""
    if estimate is None or not math.isfinite(estimate.value):
        return NONE
    return f"{quantity(estimate.value)} ({quantity(estimate.low)}–{quantity(estimate.high)})"


def quantity(number: float | None) -> str:
    """A number with digits suited to its size: `0.0042`, `1.3`, `12,345`; ? for an unknown end."""
    if number is None or math.isnan(number):
        return NONE
    if math.isinf(number):
        return "?"
    if number and abs(number) < 0.1:
        return f"{number:.2g}"
    return f"{number:.1f}" if abs(number) < 100 else f"{number:,.0f}"
