"""YAML by lines, for text that no parser takes: which key a line has, which lines are the text of a block scalar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from program.adapters.yaml.keys import Keys

_LINE = re.compile(r"(?P<lead> *(?:- +)*)(?P<rest>.*)")
_BLOCK_MARK = re.compile(r"[|>][+-]?[1-9]?[+-]?(?: +#.*)?")


@dataclass(frozen=True)
class Line:
    """A line outside of block scalars, with the lines of the block scalar it opens, if any.

    lead: indentation and dashes; key: the known key after them, or empty; value: what follows.
    """

    lead: str
    key: str
    value: str
    block: tuple[str, ...] | None = None

    @property
    def dash(self) -> int | None:
        """The column of the first dash, if the line begins a list item."""
        return self.lead.index("-") if "-" in self.lead else None

    @property
    def parent(self) -> int | None:
        """The column that whatever belongs to this line must be deeper than; None for a line of bare text."""
        return len(self.lead) if self.key else self.dash

    def text(self) -> str:
        colon = f"{self.key}:" if self.key else ""
        space = " " if self.key and self.value else ""
        return "\n".join([f"{self.lead}{colon}{space}{self.value}".rstrip(), *(self.block or ())])


def lines_of(text: str, keys: Keys) -> Iterator[Line]:
    """The lines outside of block scalars, each with the block it opens.

    A block goes on until a known key stands no deeper than the key that opened it, or less deep than its first line; so
    a program without any indentation is still its block's.
    """
    known = re.compile(rf"(?P<key>{keys.pattern()})[ \t]*:(?: +|$)(?P<value>.*)")
    opened: Line | None = None
    block: list[str] = []
    for raw in text.split("\n"):
        line = _line(raw, known)
        if opened is not None and not _ends(opened, block, line, raw):
            block.append(raw)
            continue
        if opened is not None:
            yield replace(opened, block=tuple(block))
        opened, block = None, []
        if line.parent is not None and _BLOCK_MARK.fullmatch(line.value):
            opened = line
        else:
            yield line
    if opened is not None:
        yield replace(opened, block=tuple(block))


def joined(lines: Iterable[Line]) -> str:
    """The text of the lines."""
    return "\n".join(line.text() for line in lines)


def depth_of(line: str) -> int:
    """How many spaces a line begins with."""
    return len(line) - len(line.lstrip(" "))


def _line(raw: str, known: re.Pattern[str]) -> Line:
    parts = _LINE.fullmatch(raw.rstrip())
    assert parts is not None
    found = known.fullmatch(parts["rest"])
    return Line(parts["lead"], found["key"], found["value"]) if found else Line(parts["lead"], "", parts["rest"])


def _ends(opened: Line, block: list[str], line: Line, raw: str) -> bool:
    """Whether the block that `opened` opens, of which `block` has been seen, ends before `line`."""
    if line.key:
        first = next((depth_of(each) for each in block if each.strip()), 0)
        return depth_of(raw) <= max(len(opened.lead), first - 1)
    # In a list of texts the next item ends it.
    return line.dash is not None and not opened.key and opened.dash is not None and line.dash <= opened.dash
