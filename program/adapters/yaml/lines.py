"""YAML by lines, for text that no parser accepts: the key of each line, and the lines of each block scalar."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(r"(?P<lead> *(?:- +)*)(?P<rest>.*)")
_BLOCK_MARK = re.compile(r"[|>][+-]?[1-9]?[+-]?(?: +#.*)?")


@dataclass
class Line:
    """A line outside of block scalars, with the lines of the block scalar it opens; None if it opens none.

    lead: indentation and dashes; key: the known key after them, or empty; value: what follows.
    """

    lead: str
    key: str
    value: str
    block: list[str] | None = None

    @property
    def dash(self) -> int | None:
        """The column of the first dash, if the line begins a list item."""
        return self.lead.index("-") if "-" in self.lead else None

    @property
    def parent(self) -> int | None:
        """Lines that belong to this one must be indented deeper than this column; None for a line of plain text."""
        return len(self.lead) if self.key else self.dash


def lines_of(text: str, keys: str) -> list[Line]:
    """The lines outside of block scalars, each with the block it opens.

    A block ends at a known key that is not indented deeper than the block's own key, or is indented less than the
    block's first line. So a program without any indentation still belongs to its block.

    Args:
        text: valid or invalid YAML.
        keys: a regular expression for the known keys.
    """
    known = re.compile(rf"(?P<key>{keys})[ \t]*:(?: +|$)(?P<value>.*)")
    lines: list[Line] = []
    for raw in text.split("\n"):
        line, opened = _line(raw, known), lines[-1] if lines else None
        if opened is None or opened.block is None or _ends(opened, opened.block, line, raw):
            lines.append(line)
        else:
            opened.block.append(raw)
    return lines


def joined(lines: Iterable[Line]) -> str:
    """The text of the lines."""
    texts: list[str] = []
    for line in lines:
        colon = f"{line.key}: " if line.key else ""
        texts += [f"{line.lead}{colon}{line.value}".rstrip(), *(line.block or ())]
    return "\n".join(texts)


def depth_of(line: str) -> int:
    """The number of spaces at the start of a line."""
    return len(line) - len(line.lstrip(" "))


def _line(raw: str, known: re.Pattern[str]) -> Line:
    parts = _LINE.fullmatch(raw.rstrip())
    assert parts is not None
    found = known.fullmatch(parts["rest"])
    line = Line(parts["lead"], found["key"], found["value"]) if found else Line(parts["lead"], "", parts["rest"])
    if line.parent is not None and _BLOCK_MARK.fullmatch(line.value):
        line.block = []
    return line


def _ends(opened: Line, block: list[str], line: Line, raw: str) -> bool:
    """Whether the block that `opened` opens ends before `line`; `block` contains its lines so far."""
    if line.key:
        first = next((depth_of(each) for each in block if each.strip()), 0)
        return depth_of(raw) <= max(len(opened.lead), first - 1)
    # In a list of texts, the next item ends it.
    return line.dash is not None and not opened.key and opened.dash is not None and line.dash <= opened.dash
