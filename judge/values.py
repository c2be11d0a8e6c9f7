"""Compares the return value of a function with the expected value, by the rules of the data sets of function problems.

`equal`: plain values are equal by Python's `==`. Otherwise numbers may be close, as in NumPy's `allclose`, if the
problem has an absolute or a relative tolerance or the expected value is a float or a flat list of floats (evalplus).
`sequences`: a tuple may stand for a list (LiveCodeBench).
`boxed`: as `sequences`; and if a list of one item is expected, the item alone is accepted too (APPS).
`sets`: the values are equal as sets (evalplus, for some problems of MBPP).
`found`: only the presence of a value is compared; a value other than None counts as True (evalplus).
`truth`: only the truth value is compared, as in `assert f(1)` (MBPP).
"""

from __future__ import annotations

import cmath
import math
from typing import Any, Literal

from judge.literals import NoLiteral, value_of

Comparison = Literal["equal", "sequences", "boxed", "sets", "found", "truth"]
FLOAT_TOLERANCE, RELATIVE = 1e-6, 1e-7
# Texts of equal values have similar lengths and numbers of items: "1" may be "0.9999999999999999". A much longer text
# is not read, because each item takes hundreds of bytes.
_LONGER, _MORE = 30, 1000
_MORE_OF_SETS = 2**17  # a list may repeat the items of a set
_LONGEST_FALSE = 100  # characters; empty and zero values have short texts


def same_value(
    actual: str, expected: str, tolerance: float = 0.0, comparison: Comparison = "equal", relative: float = 0.0
) -> bool:
    """Whether two texts, as written by `judge.value_texts`, stand for equal values.

    Args:
        actual: the text of the returned value; a text that is not a literal never matches.
        expected: the text of a right value.
        tolerance: absolute tolerance for numbers; 0 for the default of the rule.
        comparison: the rule; see the module docstring.
        relative: relative tolerance, in addition; 0 for the default of the rule.
    """
    if comparison in ("found", "truth"):
        return (says := _says_yes(actual, comparison)) is not None and says == _says_yes(expected, comparison)
    more = _MORE_OF_SETS if comparison == "sets" else _MORE
    if len(actual) > _LONGER * len(expected) + more or actual.count(",") > 2 * expected.count(",") + more:
        return False
    try:
        got, want = value_of(actual), value_of(expected)
        return _same(got, want, (tolerance, relative), comparison)
    except (NoLiteral, RecursionError, OverflowError):
        return False


def _same(got: Any, want: Any, allowed: tuple[float, float], comparison: Comparison) -> bool:
    if comparison == "sets":
        return _as_set(got) == _as_set(want)
    if comparison in ("sequences", "boxed"):
        got, want = _with_lists(got), _with_lists(want)
    if comparison == "boxed" and isinstance(want, list) and len(want) == 1 and _same(got, want[0], allowed, "equal"):
        return True
    if got == want:
        return True
    if not any(allowed) and _is_floats(want):
        allowed = FLOAT_TOLERANCE, 0.0
    return any(allowed) and _close(got, want, allowed)


def _says_yes(text: str, comparison: Comparison) -> bool | None:
    """True or False, whichever the value stands for. The value may have no literal, such as a match of `re`. None if
    the text is not a value."""
    if text in ("True", "False", "None"):
        return text == "True"
    if len(text) > _LONGEST_FALSE:
        return True
    try:
        value = value_of(text)
        return comparison == "found" or bool(value)
    except NoLiteral:
        return True if "<" in text else None


def _as_set(value: Any) -> Any:
    try:
        return set(value)
    except TypeError as fault:
        raise NoLiteral(f"not a set: {fault}") from fault


def _with_lists(value: Any) -> Any:
    return [_with_lists(item) for item in value] if isinstance(value, list | tuple) else value


def _is_floats(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(isinstance(item, float) for item in value)
    return isinstance(value, float)


def _close(got: Any, want: Any, allowed: tuple[float, float]) -> bool:
    if isinstance(got, list | tuple) and isinstance(want, list | tuple):
        return len(got) == len(want) and all(_close(a, b, allowed) for a, b in zip(got, want, strict=True))
    if not isinstance(got, int | float | complex) or not isinstance(want, int | float | complex):
        return False
    if not (cmath.isfinite(got) and cmath.isfinite(want)):
        return got == want or (cmath.isnan(got) and cmath.isnan(want))
    absolute, relative = allowed
    return abs(got - want) <= absolute + (relative or RELATIVE) * math.hypot(want.real, want.imag)
