"""Matches the entries of a ranking with the proposed solutions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

_NUMBER = re.compile(
    r"(?:(?:proposed\s+)?(?:solution|approach|option|idea|method|algorithm|candidate|proposal|plan)|no\.?|nr\.?|#)?\s*"
    r"[#(\[]?\s*(\d{1,3})\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"^\s*(?:[-*•]\s+|\(?\d{1,3}[.):]\)?\s+|#\d+[:.]?\s+)+")
LEAST_LETTERS = 4  # minimum length of a part of a name that can stand for it
ALIKE = 0.6  # minimum share of common words of two names that count as the same


def match_names(ranking: Iterable[Any], proposed: Sequence[str]) -> list[int]:
    """The places (from 0) of the proposed solutions that a ranking names, best first, without duplicates.

    An entry may be a name, complete or partial, with words or brackets around it; a number ("2", "Solution 2", 2,
    counted from 1, or from 0 if a 0 is among them); or an object with either. An entry that matches no solution, or
    several equally, is left out. Solutions that no entry names are left out too.
    """
    entries = [part for entry in ranking for part in _parts(entry, proposed)]
    base = 0 if any(_number(entry) == 0 for entry in entries) else 1
    found: list[int] = []
    for entry in entries:
        place = _place(entry, proposed, base, found)
        if place is not None and place not in found:
            found.append(place)
    return found


def _parts(entry: Any, proposed: Sequence[str]) -> list[str]:
    """The texts of an entry; several if it contains a complete ranking (`A > B`)."""
    match entry:
        case dict():
            keys = ("name", "solution_name", "solution", "title", "approach", "number", "index", "id")
            lowered = {str(key).lower(): value for key, value in entry.items()}
            value = next((lowered[key] for key in keys if lowered.get(key) not in (None, "")), None)
            return _parts(value, proposed) if value is not None else []
        case list() | tuple():
            return [part for each in entry for part in _parts(each, proposed)]
        case None | bool():
            return []
    text = str(getattr(entry, "name", entry))
    for sign in (r"\s*(?:>+|→|≻|->)\s*", r"\s*\n\s*", r"\s*[;,]\s*"):
        parts = [part for part in re.split(sign, text.strip()) if part]
        if len(parts) > 1 and all(_names_one(part, proposed) for part in parts):
            return parts
    return [text]


def _names_one(text: str, proposed: Sequence[str]) -> bool:
    """Whether a text is the complete name or the number of a solution."""
    number = _number(text)
    if number is not None and 0 <= number <= len(proposed):
        return True
    return _words(_MARK.sub("", text)) in map(_words, proposed)


def _place(entry: str, proposed: Sequence[str], base: int, taken: list[int]) -> int | None:
    free = [n for n in range(len(proposed)) if n not in taken]
    names = {n: _words(proposed[n]) for n in range(len(proposed))}
    for text in dict.fromkeys((entry, _MARK.sub("", entry))):
        words = _words(text)
        for places in (free, taken):  # two solutions may have the same name
            exact = [n for n in places if names[n] and names[n] == words]
            if exact:
                return exact[0]
    bare = _words(_MARK.sub("", entry))
    begun = [n for n in names if names[n] and _begins(bare, names[n])]
    if begun:
        return max(begun, key=lambda n: (len(names[n]), n in free))
    number = _number(entry)
    if number is not None:
        return number - base if 0 <= number - base < len(proposed) else None
    contained = [n for n in names if len("".join(names[n])) >= LEAST_LETTERS and _contains(bare, names[n])]
    longest = [n for n in contained if not any(n != m and _contains(names[m], names[n]) for m in contained)]
    if len(longest) == 1:
        return longest[0]
    short = _words(re.split(r"\s*[(:\[–—]|\s-\s", _MARK.sub("", entry))[0])
    for part in (bare, short):
        if len("".join(part)) >= LEAST_LETTERS:
            containing = [n for n in names if _contains(names[n], part)]
            if len(containing) == 1:
                return containing[0]
    likeness = sorted(((max(_alike(bare, names[n]), _alike(short, names[n])), n) for n in names), reverse=True)
    if likeness and likeness[0][0] >= ALIKE and (len(likeness) == 1 or likeness[1][0] < likeness[0][0]):
        return likeness[0][1]
    return None


def _number(text: str) -> int | None:
    """The number in an entry, possibly after a word such as "Solution" and before other words."""
    stripped = text.strip().strip("*_`\"'")
    found = _NUMBER.match(stripped)
    if found is None:
        return None
    rest = stripped[found.end() :].lstrip(".)]: ").strip("*_`\"'")
    named = found.group().strip("#([ ")[:1].isalpha()
    return int(found.group(1)) if not rest or named or re.match(r"[(\-–—,:]", stripped[found.end() :].strip()) else None


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[^\W_]+(?:\+\+|#)?|[^\w\s.,;:!?()\[\]{}*`'\"_|/\\–—-]+", text.casefold()))


def _begins(words: tuple[str, ...], name: tuple[str, ...]) -> bool:
    return words[: len(name)] == name


def _contains(words: tuple[str, ...], name: tuple[str, ...]) -> bool:
    return bool(name) and any(words[n : n + len(name)] == name for n in range(len(words) - len(name) + 1))


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    together = set(one) | set(other)
    return len(set(one) & set(other)) / len(together) if together else 0.0
