"""The default output validator of Kattis problem packages: token by token, as its flags say."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_SPACE = re.compile(r"[ \t\n\v\f\r]+")
_NUMBER = re.compile(r"[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?", re.ASCII)


@dataclass(frozen=True)
class TokenChecker:
    """A rule of comparison.

    Attributes:
        case_sensitive: otherwise letters of ASCII may be in any case.
        space_sensitive: white space must be the same; otherwise it only parts tokens.
        absolute, relative: a token that is a number in the expected output may be off by so much, by either; with both
            None numbers are tokens as others.
    """

    case_sensitive: bool = False
    space_sensitive: bool = False
    absolute: float | None = None
    relative: float | None = None

    @classmethod
    def of_flags(cls, flags: list[str]) -> TokenChecker:
        """The rule that flags name: `case_sensitive`, `space_change_sensitive`, `float_tolerance E`,
        `float_absolute_tolerance E`, `float_relative_tolerance E`.

        Raises:
            ValueError: another flag, or a tolerance that is no number.
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
        """As reports show it: "tokens", "tokens case space absolute 1e-06"."""
        parts = ["tokens", *(["case"] if self.case_sensitive else []), *(["space"] if self.space_sensitive else [])]
        for kind, value in (("absolute", self.absolute), ("relative", self.relative)):
            parts += [f"{kind} {value:g}"] if value is not None else []
        return " ".join(parts)

    @property
    def needs_success(self) -> bool:
        """Whether a program with an exit status other than 0 has failed whatever it printed."""
        return True

    def matches(self, actual: str, expected: str) -> bool:
        """True when `actual` is an accepted answer where `expected` is stored."""
        if self.space_sensitive and _SPACE.findall(actual) != _SPACE.findall(expected):
            return False
        got, want = (_SPACE.split(text.strip(" \t\n\v\f\r")) for text in (actual, expected))
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
    value = float(token) if _NUMBER.fullmatch(token) else math.inf
    return value if math.isfinite(value) else None


def _lower(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass").lower()
