"""Whether what a program printed is what the test expects.

The rule ("strict" in reports): outputs are split at white space and compared token by token. A token that
is written as a decimal fraction in the expected output may differ by 1e-6, absolutely or relatively; an
answer of YES or NO may be in any case; everything else must be the same to the letter.
"""

from __future__ import annotations

import math
import re
from itertools import zip_longest

TOLERANCE = 1e-6
_FRACTION = re.compile(r"[+-]?\d+\.\d+(?:[eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+")
_YES_NO = {"yes", "no"}


def outputs_match(actual: str, expected: str) -> bool:
    """True when `actual` is an accepted answer where `expected` is stored."""
    got, want = actual.split(), expected.split()
    return len(got) == len(want) and all(map(_tokens_match, got, want))


def differing_lines(actual: str, expected: str) -> int:
    """How many lines differ, a missing or surplus line counted as one: 0 means the outputs match."""
    if outputs_match(actual, expected):
        return 0
    pairs = zip_longest(_lines(actual), _lines(expected), fillvalue="")
    return max(1, sum(not outputs_match(got, want) for got, want in pairs))


def _tokens_match(got: str, want: str) -> bool:
    if got == want:
        return True
    if want.lower() in _YES_NO:
        return got.lower() == want.lower()
    if _FRACTION.fullmatch(want):
        try:
            value = float(got)
        except ValueError:
            return False
        return math.isclose(value, float(want), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return False


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]
