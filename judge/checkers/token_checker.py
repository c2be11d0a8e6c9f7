"""The default output validator of Kattis problem packages. It compares token by token; flags set the rules."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from judge.checker import NUMBER

_SPACE = re.compile(r"[ \t\n\v\f\r]+")


@dataclass(frozen=True)
class TokenChecker:
    """A comparison rule.

    Attributes:
        case_sensitive: if False, the case of ASCII letters is ignored.
        space_sensitive: if True, white space must be the same; if False, it only separates tokens.
        absolute, relative: tolerances for tokens that are numbers in the expected output; meeting one of them is
            enough. If both are None, numbers are compared like other tokens.
    """

    case_sensitive: bool = False
    space_sensitive: bool = False
    absolute: float | None = None
    relative: float | None = None

    @classmethod
    def of_flags(cls, flags: list[str]) -> TokenChecker:
        """The rule for the flags `case_sensitive`, `space_change_sensitive`, `float_tolerance E`,
        `float_absolute_tolerance E` and `float_relative_tolerance E`.

        Raises:
            ValueError: an unknown flag, or a tolerance that is not a number.
        """
        left, found = list(flags), cls()
        while left:
            flag = left.pop(0)
            values = {**vars(found)}
            if flag in ("case_sensitive", "space_change_sensitive"):
                values["case_sensitive" if flag == "case_sensitive" else "space_sensitive"] = True
            elif flag in _TOLERANCES and left:
                values |= dict.fromkeys(_TOLERANCES[flag], float(left.pop(0)))
            else:
                raise ValueError(f"validator flag {flag!r}")
            found = cls(**values)
        return found

    @property
    def name(self) -> str:
        """The name in reports: "tokens", "tokens case space absolute 1e-06"."""
        parts = ["tokens", *(["case"] if self.case_sensitive else []), *(["space"] if self.space_sensitive else [])]
        for kind, value in (("absolute", self.absolute), ("relative", self.relative)):
            parts += [f"{kind} {value:g}"] if value is not None else []
        return " ".join(parts)

    @property
    def needs_success(self) -> bool:
        """Whether a program with a non-zero exit status fails, whatever it printed."""
        return True

    def matches(self, actual: str, expected: str) -> bool:
        """Whether `actual` is accepted for the expected output `expected`."""
        if self.space_sensitive and _SPACE.findall(actual) != _SPACE.findall(expected):
            return False
        around = "" if self.space_sensitive else " \t\n\v\f\r"
        got, want = (_SPACE.split(text.strip(around)) for text in (actual, expected))
        return len(got) == len(want) and all(map(self._token_matches, got, want))

    def _token_matches(self, got: str, want: str) -> bool:
        floats = self.absolute is not None or self.relative is not None
        if floats and (number := _finite(want)) is not None:
            other = _finite(got)
            if other is None:
                return False
            off = abs(number - other)
            return off <= (-1 if self.absolute is None else self.absolute) or (
                self.relative is not None and off <= self.relative * abs(number)
            )
        return got == want or (not self.case_sensitive and _lower(got) == _lower(want))


_TOLERANCES = {
    "float_tolerance": ("absolute", "relative"),
    "float_absolute_tolerance": ("absolute",),
    "float_relative_tolerance": ("relative",),
}


def _finite(token: str) -> float | None:
    value = float(token) if NUMBER.fullmatch(token) else math.inf
    return value if math.isfinite(value) else None


def _lower(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass").lower()
