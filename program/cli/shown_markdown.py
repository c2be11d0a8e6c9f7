"""Markdown on standard output. A pipe or a file gets it unchanged. A terminal gets aligned tables and wrapped texts
that fit its width."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.cells import cell_len

from program.cli.output import Colour, Painter

GAP = 2  # blanks between columns
NARROWEST = 40  # minimum assumed width of a terminal, in columns
_RULE = re.compile(r"\|( --- \|)+$")
_NUMBER = re.compile(r"[≥<+−-]?\s*\$?\d|[–?]$|$|[+-]")
_PERCENT = re.compile(r"(\d) %")
_ALARM = re.compile(r"[A-Z]{3,} [A-Z]{3,} |.*: not valid\.$")  # sentences that a reader must see first
_ITEM = re.compile(r"- |\d+\. ")
_DIFF: dict[str, Colour] = {"+": "good", "-": "bad", "@": "faint"}


def print_markdown(text: str) -> None:
    """Print the Markdown output of a command."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        text = "\n".join(terminal_lines(text, max(NARROWEST, width), Painter(sys.stdout)))
    print(text)


def print_fitted(text: str) -> None:
    """Print a text with indented lines; on a terminal, long lines are wrapped with the same indent."""
    if sys.stdout.isatty():
        width = max(NARROWEST, shutil.get_terminal_size().columns)
        text = "\n".join(part for line in text.split("\n") for part in fitted(line, width))
    print(text)


def fitted(line: str, width: int) -> list[str]:
    """Wrap a line to at most `width` columns, with the indent of the first line; a line with colours is unchanged."""
    if cell_len(line) <= width or "\x1b" in line:
        return [line]
    indent = line[: len(line) - len(line.lstrip())][: width // 2]
    return textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) or [""]


def terminal_lines(text: str, width: int, paint: Painter) -> Iterator[str]:
    """The lines of a Markdown text on a terminal.

    Args:
        text: its tables have the form of `eval.tables.markdown.table`.
        width: the terminal's width in columns.
        paint: adds colours.
    """
    fenced = False
    for is_table, lines in groupby(text.split("\n"), lambda line: line.startswith("| ")):
        block = list(lines)
        if is_table and len(block) > 1 and _RULE.match(block[1]) and not fenced:
            head, _, *rows = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in block)
            yield from table_lines(head, rows, width, paint)
            continue
        for line in block:
            if line.startswith("```"):
                fenced = not fenced
            elif fenced:
                yield paint(line, _DIFF[line[0]]) if line[:1] in _DIFF else line
            else:
                yield from _wrapped(line, width, paint)


def table_lines(head: Sequence[str], rows: Sequence[Sequence[str]], width: int, paint: Painter) -> Iterator[str]:
    """A table with aligned columns. Heads are wrapped between words. Columns that do not fit go into a second table
    below, which repeats the columns that name a row: the first one, or more if its cells are not all different. Cells
    are wrapped only if that is not enough.

    Args:
        head, rows: the cells.
        width: the terminal's width in columns.
        paint: adds colours; heads are bold.
    """
    columns = [[row[place] if place < len(row) else "" for row in rows] for place in range(len(head))]
    whole = [max(map(cell_len, [*heading.split(), *cells, ""])) for heading, cells in zip(head, columns, strict=True)]
    first = min(whole[0], width // 2)
    wide = [first, *(min(each, width - first - GAP) for each in whole[1:])]
    named = _naming(columns)
    if sum(wide[:named]) + GAP * named > width // 2:
        named = 1
    for number, part in enumerate(_parts(head, wide, width, named)):
        if number:
            yield ""
        widths = _widened([head[place] for place in part], [wide[place] for place in part], width)
        right = [place > 0 and all(map(_NUMBER.match, columns[place])) for place in part]
        yield from (paint(line, "bold") for line in _row([head[place] for place in part], widths, right, bottom=True))
        for row in range(len(rows)):
            yield from _row([columns[place][row] for place in part], widths, right)


def _naming(columns: Sequence[Sequence[str]]) -> int:
    """How many of the first columns name a row: the fewest in which all rows differ; 1 if there are none."""
    rows = [*zip(*columns, strict=True)]
    return next((count for count in range(1, len(columns)) if len({row[:count] for row in rows}) == len(rows)), 1)


def _parts(head: Sequence[str], wide: Sequence[int], width: int, named: int) -> list[list[int]]:
    """The indices of the columns in each of the tables; a p-value stays next to its number.

    Args:
        head: of the columns.
        wide: the columns' widths; width: the terminal's.
        named: the number of columns that each table repeats.
    """
    first = [*range(named)]
    parts = [[*first]]
    for place in range(named, len(head)):
        if len(parts[-1]) > named and sum(wide[each] + GAP for each in (*parts[-1], place)) - GAP > width:
            follows = head[place] == "p" and len(parts[-1]) > named + 1
            parts.append([*first, parts[-1].pop()] if follows else [*first])
        parts[-1].append(place)
    return parts


def _widened(head: Sequence[str], widths: Sequence[int], width: int) -> list[int]:
    """The widths of columns; the remaining width of the terminal is given to the heads with most lines."""
    widths = list(widths)
    for _ in range(width - sum(each + GAP for each in widths) + GAP):
        heights = [len(_words(cell, wide)) for cell, wide in zip(head, widths, strict=True)]
        if max(heights) < 3:
            break
        widths[heights.index(max(heights))] += 1
    return widths


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], bottom: bool = False) -> Iterator[str]:
    """The lines of one row; with `bottom`, cells are aligned at its last line."""
    wrapped = [_words(cell, wide) for cell, wide in zip(cells, widths, strict=True)]
    height = max(map(len, wrapped))
    for number in range(height):
        parts = []
        for lines, wide, is_right in zip(wrapped, widths, right, strict=True):
            place = number - (height - len(lines) if bottom else 0)
            text = lines[place] if 0 <= place < len(lines) else ""
            blanks = " " * (wide - cell_len(text))
            parts.append(blanks + text if is_right else text + blanks)
        yield (" " * GAP).join(parts).rstrip()


def _words(text: str, width: int) -> list[str]:
    """`text` in lines; only a word that is wider than a line is broken."""
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _wrapped(line: str, width: int, paint: Painter) -> Iterator[str]:
    """Wrap a line of text; lines that start with blanks are unchanged."""
    marker = _ITEM.match(line)
    title = line.startswith("#") or (line.endswith(":") and not marker)
    colour: Colour | None = "bold" if title else "bad" if _ALARM.match(line) else None
    lines = [line]
    if not line.startswith(" ") and "\x1b" not in line and cell_len(line) > width:
        indent = " " * len(marker[0]) if marker else ""
        bound = _PERCENT.sub("\\1\u00a0%", line)  # no line starts with the percent sign
        lines = textwrap.wrap(bound, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    for each in lines:
        text = each.replace("\u00a0", " ")
        yield paint(text, colour) if colour else text
