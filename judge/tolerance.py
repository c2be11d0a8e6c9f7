"""The tolerance that a statement names: "absolute or relative error does not exceed 10^{-6}"."""

from __future__ import annotations

import re

from judge.checker import STRICT, Checker

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
