"""Checks whether the output of a program matches the expected output.

There are two rules. Both compare token by token.

`strict` is the default. Tokens are separated by ASCII white space. If the expected token is a decimal fraction, the
token may differ by 1e-6, absolutely or relatively, or by the tolerance that the statement names. Numbers are compared
as doubles, or as decimals if they do not fit into a double. YES and NO may be in any case. All other tokens must be
identical. If the statement names a tolerance, a fraction may also stand for an expected integer. The program must end
with exit status 0.

If a checker names a function, each test calls it: `input` is the text between the parentheses, `output` is the text of
the value (`judge.literals`). Values are compared by `judge.values`, under both rules.

`run` compares nothing: it accepts every run that ends normally.

`deepmind` is the rule of the CodeContests executor, for comparison with published numbers. Tokens are separated by
blank, tab, newline, return and vertical tab, and lower-cased (ASCII only). Two numbers match when their difference as
doubles is less than 1e-5. This includes integers, and large integers are rounded to doubles. All other tokens must be
identical. The exit status is ignored.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context
from itertools import zip_longest
from typing import Literal

from judge.literals import value_of
from judge.values import Comparison, same_value

TOLERANCE = 1e-6
DEEPMIND_TOLERANCE = 1e-5
_FRACTION = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+", re.ASCII)
# Possessive quantifiers: otherwise a token of a million digits and a letter backtracks at every digit.
NUMBER = re.compile(r"[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_SPECIAL = re.compile(r"[+-]?(?:inf(?:inity)?|nan)|[+-]?nan\([0-9a-z_]*\)")
_YES_NO = {"yes", "no"}
# Numbers that do not fit into a double. A number that does not fit into a decimal either has an exponent of twenty
# digits, and only equals itself.
_WIDE = Context(prec=40, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_DEEPMIND_TOKEN = re.compile(r"[^ \n\t\r\v]+")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True)
class Checker:
    """A comparison rule.

    tolerance: from the statement, or from the data set of function problems; None means the default of the rule.
    relative: for values of functions, a relative tolerance besides it.
    ignores_case: whether ASCII letters may be in any case, as with the default output validator of Kattis.
    entry_point: the function that tests call: "f", "Solution.f"; empty for programs that read and print.
    comparison: how values are compared; see `judge.values`.
    """

    rule: Literal["strict", "deepmind", "run"] = "strict"
    tolerance: float | None = None
    entry_point: str = ""
    comparison: Comparison = "equal"
    relative: float | None = None
    ignores_case: bool = False

    @property
    def name(self) -> str:
        """The name in reports: "strict", "strict 0.0001", "deepmind", "strict values sets 1e-06"."""
        values = ["values"] if self.entry_point else []
        values += [self.comparison] if self.comparison != "equal" else []
        bounds = [] if self.tolerance is None else [f"{self.tolerance:g}"]
        bounds += [] if self.relative is None else [f"relative {self.relative:g}"]
        return " ".join([self.rule, *values, *bounds, *(["any case"] if self.ignores_case else [])])

    @property
    def needs_success(self) -> bool:
        """Whether a program with a non-zero exit status fails, whatever it printed."""
        return self.rule != "deepmind" or self.entry_point != ""

    def without_comparison(self) -> Checker:
        """A checker that runs the same calls and compares nothing."""
        return Checker("run", entry_point=self.entry_point)

    def check_expected(self, expected: str) -> None:
        """Reject an expected output that no answer could match.

        Raises:
            NoLiteral: values are compared, and the text is not a literal.
        """
        if self.entry_point and self.rule != "run":
            value_of(expected)

    def matches(self, actual: str, expected: str) -> bool:
        """Whether `actual` is accepted for the expected output `expected`."""
        if self.rule == "run":
            return True
        if actual == expected and not (self.entry_point and "<" in actual):  # "<" may mark a text without a value
            return True
        if self.entry_point:
            return same_value(actual, expected, self.tolerance or 0.0, self.comparison, self.relative or 0.0)
        if self.rule == "deepmind":
            return _deepmind_match(actual, expected)
        got, want = _strict_tokens(actual), _strict_tokens(expected)
        return got == want or (len(got) == len(want) and all(map(self._tokens_match, got, want)))

    def _tokens_match(self, got_bytes: bytes, want_bytes: bytes) -> bool:
        if got_bytes == want_bytes:
            return True
        got, want = (token.decode("utf-8", "surrogatepass") for token in (got_bytes, want_bytes))
        if want.lower() in _YES_NO:
            return got.lower() == want.lower()
        if self.ignores_case and got_bytes.lower() == want_bytes.lower():
            return True
        if _FRACTION.fullmatch(want):
            good = NUMBER.fullmatch(got)
        else:
            good = self.tolerance is not None and _INTEGER.fullmatch(want) and _FRACTION.fullmatch(got)
        tolerance = TOLERANCE if self.tolerance is None else self.tolerance
        return bool(good) and _close(got, want, tolerance)


STRICT, DEEPMIND = Checker(), Checker("deepmind")


def differing_lines(actual: str, expected: str, checker: Checker = STRICT) -> int:
    """The number of lines that differ. A missing or surplus line counts as one; 0 means the outputs match."""
    if checker.matches(actual, expected):
        return 0
    pairs = zip_longest(_lines(actual), _lines(expected), fillvalue="")
    return max(1, sum(not checker.matches(got, want) for got, want in pairs))


def _strict_tokens(text: str) -> list[bytes]:
    """Split at ASCII white space. `str.split` would also split at Unicode blanks and record separators."""
    return text.encode("utf-8", "surrogatepass").split()


def _close(got: str, want: str, tolerance: float) -> bool:
    one, other = float(got), float(want)
    if math.isfinite(one) and math.isfinite(other):
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
    first, second = (_WIDE.create_decimal(token) for token in (got, want))
    if not (first.is_finite() and second.is_finite()):
        return False
    larger = max(_WIDE.abs(first), _WIDE.abs(second))
    return _WIDE.abs(_WIDE.subtract(first, second)) <= _WIDE.multiply(larger, _WIDE.create_decimal(tolerance))


def _deepmind_match(actual: str, expected: str) -> bool:
    got, want = _deepmind_tokens(actual), _deepmind_tokens(expected)
    return got == want or (len(got) == len(want) and all(map(_deepmind_tokens_match, got, want)))


def _deepmind_tokens(text: str) -> list[str]:
    return _DEEPMIND_TOKEN.findall(text.translate(_ASCII_LOWER))


def _deepmind_tokens_match(got: str, want: str) -> bool:
    one, other = _double(got), _double(want)
    if one is None or other is None:
        return got == want
    return abs(one - other) < DEEPMIND_TOLERANCE  # always false for a nan and for two equal infinities


def _double(token: str) -> float | None:
    """The number that the executor's parser reads from a complete lower-case token, or None."""
    if NUMBER.fullmatch(token):
        return float(token)
    if _SPECIAL.fullmatch(token):
        return float(token.partition("(")[0])
    return None


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if _strict_tokens(line)]


# The tolerance in a statement: "absolute or relative error does not exceed 10^{-6}".
_MINUS = "(?:[-\u2010-\u2015\u2212]|&minus;)"
_TIMES = r"(?:[*x\u00b7\u00d7\u2022\u2219\u22c5]|\\cdot|\\times|&times;|&middot;)"
# 10^{-6}, 10^-6, 10^(-6), 10**-6, 10<sup>-6</sup>, 10 - 6 (older statements lost the power sign), 5·10^{-6}.
_POWER = (
    rf"(?:(?<![\d.])(?P<factor>\d(?:\.\d+)?)\s*{_TIMES}\s*)?(?<![\d.])10\s*(?:\^|\*\*|<sup>)?\s*[{{(]?\s*"
    rf"{_MINUS}\s*(?P<power>\d{{1,2}})"
)
# 1e-6, 0.000001, but not a percentage.
_EXPONENT = rf"(?<![\d.])(?P<mantissa>\d(?:\.\d*)?)[eE]\s*{_MINUS}\s*(?P<exponent>\d{{1,2}})"
_DECIMAL = r"(?<![\d.])(?P<decimal>0[.,]0*[1-9])(?!\d|\s*\\?%|\s*percent)"
_VALUE = rf"(?:{_POWER}|{_EXPONENT}|{_DECIMAL})"
_ERROR = (
    r"(?:absolute|relative|absolut)\b[^.]{0,60}?\berror|\berrors?\b|\bprecision\b|\baccuracy\b|\baccurate\b|"
    r"\btolerance\b|\b(?:correct|exact)\s+(?:up\s+)?to\b|\bdiffer"
)
# "differ by at least X" is a bound on the input, not an error.
_GAP = r"(?:(?!(?<=differ)\w*[^.]{0,40}?\b(?:at\s+least|no\s+less)\b)[^.])"
_SMALLEST, _LARGEST = 1e-15, 0.1
_SENTENCE = re.compile(rf"(?:{_ERROR}){_GAP}(?:[^.]|\.(?=\d)){{0,200}}?{_VALUE}", re.IGNORECASE)


def stated_tolerance(statement: str) -> float | None:
    """The error that the statement allows, or None if it names none."""
    found = _SENTENCE.search(statement)
    if found is None:
        return None
    if found["power"]:
        value = float(found["factor"] or 1) * 10.0 ** -int(found["power"])
    elif found["exponent"]:
        value = float(found["mantissa"]) * 10.0 ** -int(found["exponent"])
    else:
        value = float(found["decimal"].replace(",", "."))
    return value if _SMALLEST <= value <= _LARGEST else None


def strict_for(statement: str) -> Checker:
    """The strict checker with the tolerance from the statement."""
    tolerance = stated_tolerance(statement)
    return STRICT if tolerance is None else Checker("strict", tolerance)
