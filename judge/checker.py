"""Whether what a program printed is what the test expects.

Two rules, both comparing token by token:

`strict`, the default. Tokens are what lies between white space. A token that is written as a decimal fraction in the
expected output may differ by 1e-6, absolutely or relatively, or by the tolerance that the statement names; an answer
of YES or NO may be in any case; everything else must be the same to the letter. Where the statement names a tolerance
a fraction may also stand for an expected integer. The program must have ended with exit status 0.

`deepmind`, the rule of the CodeContests executor, for comparison with published numbers. Tokens are what lies between
blank, tab, newline, return and vertical tab, in lower case (ASCII only). Two tokens that are both numbers match when
their difference as doubles is less than 1e-5, integers too, large ones rounded as doubles are; other tokens must be
the same. The exit status counts for nothing.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

TOLERANCE = 1e-6
DEEPMIND_TOLERANCE = 1e-5
_FRACTION = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+", re.ASCII)
# Possessive: a token of a million digits and a letter would otherwise be split at every digit.
_NUMBER = re.compile(r"[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_SPECIAL = re.compile(r"[+-]?(?:inf(?:inity)?|nan)|[+-]?nan\([0-9a-z_]*\)")
_YES_NO = {"yes", "no"}
_DEEPMIND_TOKEN = re.compile(r"[^ \n\t\r\v]+")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True)
class Checker:
    """A rule of comparison. `tolerance` is one that the statement names; None means the rule's own."""

    rule: Literal["strict", "deepmind"] = "strict"
    tolerance: float | None = None

    @property
    def name(self) -> str:
        """As reports show it: "strict", "strict 0.0001", "deepmind"."""
        return self.rule if self.tolerance is None else f"{self.rule} {self.tolerance:g}"

    @property
    def needs_success(self) -> bool:
        """Whether a program with an exit status other than 0 has failed whatever it printed."""
        return self.rule == "strict"

    def matches(self, actual: str, expected: str) -> bool:
        """True when `actual` is an accepted answer where `expected` is stored."""
        if actual == expected:
            return True
        if self.rule == "deepmind":
            return _deepmind_match(actual, expected)
        got, want = actual.split(), expected.split()
        return got == want or (len(got) == len(want) and all(map(self._tokens_match, got, want)))

    def _tokens_match(self, got: str, want: str) -> bool:
        if got == want:
            return True
        if want.lower() in _YES_NO:
            return got.lower() == want.lower()
        if _FRACTION.fullmatch(want):
            good = _NUMBER.fullmatch(got)
        else:
            good = self.tolerance is not None and _INTEGER.fullmatch(want) and _FRACTION.fullmatch(got)
        tolerance = TOLERANCE if self.tolerance is None else self.tolerance
        return bool(good) and math.isclose(float(got), float(want), rel_tol=tolerance, abs_tol=tolerance)


STRICT, DEEPMIND = Checker(), Checker("deepmind")


def differing_lines(actual: str, expected: str, checker: Checker = STRICT) -> int:
    """How many lines differ, a missing or surplus line counted as one: 0 means the outputs match."""
    if checker.matches(actual, expected):
        return 0
    pairs = zip_longest(_lines(actual), _lines(expected), fillvalue="")
    return max(1, sum(not checker.matches(got, want) for got, want in pairs))


def _deepmind_match(actual: str, expected: str) -> bool:
    got, want = _deepmind_tokens(actual), _deepmind_tokens(expected)
    return got == want or (len(got) == len(want) and all(map(_deepmind_tokens_match, got, want)))


def _deepmind_tokens(text: str) -> list[str]:
    return _DEEPMIND_TOKEN.findall(text.translate(_ASCII_LOWER))


def _deepmind_tokens_match(got: str, want: str) -> bool:
    one, other = _double(got), _double(want)
    if one is None or other is None:
        return got == want
    return abs(one - other) < DEEPMIND_TOLERANCE  # never true of a nan, nor of two equal infinities


def _double(token: str) -> float | None:
    """The number that the executor's parser reads from a whole lower-case token, or None."""
    if _NUMBER.fullmatch(token):
        return float(token)
    if _SPECIAL.fullmatch(token):
        return float(token.partition("(")[0])
    return None


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


# The tolerance that a statement names: "absolute or relative error does not exceed 10^{-6}".
_MINUS = "[-\u2010-\u2015\u2212]"
# 10^{-6}, 10^-6, 10^(-6), 10 - 6 (the power sign is lost in older statements), 1e-6, 0.000001, 1/1000.
_POWER = rf"10\s*\^?\s*[{{(]?\s*{_MINUS}\s*(?P<power>\d{{1,2}})\s*[)}}]?"
_EXPONENT = rf"1(?:\.0*)?[eE]\s*{_MINUS}\s*(?P<exponent>\d{{1,2}})"
_DECIMAL = r"(?P<decimal>0[.,]0*1)(?!\d)"
_VALUE = rf"(?:{_POWER}|{_EXPONENT}|{_DECIMAL})"
_ERROR = r"(?:absolute|relative|absolut)\b[^.]{0,60}?\berror|\berror\b|\bprecision\b|\baccuracy\b|\bdiffer"
_SENTENCE = re.compile(rf"(?:{_ERROR})[^.]{{0,200}}?{_VALUE}", re.IGNORECASE | re.DOTALL)


def stated_tolerance(statement: str) -> float | None:
    """The error that a problem's statement allows, or None where it names none."""
    found = _SENTENCE.search(statement)
    if found is None:
        return None
    for name in ("power", "exponent"):
        if found[name]:
            value = 10.0 ** -int(found[name])
            return value if 1e-15 <= value <= 0.1 else None
    return float(found["decimal"].replace(",", "."))


def strict_for(statement: str) -> Checker:
    """The strict checker with the tolerance of the statement."""
    tolerance = stated_tolerance(statement)
    return STRICT if tolerance is None else Checker("strict", tolerance)
