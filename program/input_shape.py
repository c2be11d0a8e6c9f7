"""Whether a made-up input looks like those of the examples, as far as that can be told without the statement."""

from __future__ import annotations

import re
from collections.abc import Sequence

_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def looks_like(text: str, examples: Sequence[str]) -> bool:
    """Whether `text` keeps what the first lines of all examples share, and has no words where they have only numbers.

    Args:
        text: the input to look at.
        examples: inputs that are right; with none, every text will do.
    """
    if not examples:
        return True
    kinds = {_kind(token) for example in examples for token in example.split()}
    if not {_kind(token) for token in text.split()} <= _allowed(kinds):
        return False
    firsts = [_first_line(example) for example in examples]
    counts = {len(first) for first in firsts}
    # One example whose first line is a list says nothing about the length of other lists.
    if len(counts) == 1 and (len(examples) > 1 or counts == {1}):
        first = _first_line(text)
        if len(first) != counts.pop():
            return False
        columns = zip(first, *firsts, strict=True)
        return all(_kind(token) in _allowed({_kind(each) for each in others}) for token, *others in columns)
    return True


def _first_line(text: str) -> list[str]:
    return text.strip().partition("\n")[0].split()


def _kind(token: str) -> str:
    if _INTEGER.fullmatch(token):
        return "integer"
    return "number" if _NUMBER.fullmatch(token) else "word"


def _allowed(seen: set[str]) -> set[str]:
    """The kinds that may stand where those of `seen` stood: an integer for a number, and anything for a word."""
    if "word" in seen:
        return {"integer", "number", "word"}
    return {"integer", "number"} if "number" in seen else {"integer"}
