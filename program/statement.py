"""Finds the examples and limits in the text of a statement, as contest sites write them.

It reads pages of Codeforces, AtCoder and Kattis copied as text, HTML with `<pre>`, and Markdown with fences, indented
blocks or tables. Notes after an example are ignored. Unclear cases are left out: a wrong example is worse than none.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

Kind = Literal["input", "output"]


class Example(NamedTuple):
    """An input and its output; each ends with a newline unless it is empty."""

    input: str
    output: str


def examples_in(text: str) -> list[Example]:
    """The examples of a statement, in order; empty if none is found."""
    reader = _ExampleReader()
    for item in _items(_without_tags(text).split("\n")):
        reader.take(item)
    reader.end()
    return reader.found


def seconds_in(text: str) -> float | None:
    """The time limit in a statement, in seconds; None if there is none."""
    found = _TIME.search(re.sub(r"<[^<>]*>", " ", text))
    if not found:
        return None
    value = float(found["value"].replace(",", "."))
    return (value / 1000 if found["unit"].lower().startswith("m") else value) or None


def memory_in(text: str) -> int | None:
    """The memory limit in a statement, in bytes; None if there is none."""
    found = _MEMORY.search(re.sub(r"<[^<>]*>", " ", text))
    return int(float(found["value"]) * 1024 ** " kmg".index(found["unit"][0].lower())) or None if found else None


_FILL = r"[\s:|*_`=–-]*"  # between the name of a limit and its value, in tables and emphasis
_TIME = re.compile(
    rf"\btime[\s-]*limit(?:\s*per\s*test(?:\s*case)?)?{_FILL}(?P<value>\d+(?:[.,]\d+)?)\s*"
    r"(?P<unit>ms|milli-?sec(?:ond)?s?|s|secs?|seconds?)\b",
    re.IGNORECASE,
)
_MEMORY = re.compile(
    rf"\bmem(?:ory)?[\s-]*limit(?:\s*per\s*test(?:\s*case)?)?{_FILL}(?P<value>\d+(?:\.\d+)?)\s*"
    r"(?P<unit>[kmg](?:i?b)?|(?:kilo|mega|giga|kibi|mebi|gibi)bytes?)\b",
    re.IGNORECASE,
)

# Headings, without decoration. Copied pages contain the button "Copy".
_NUMBER = r"(?:\s*(?:#|no\.?)?\s*\d+)?"
_SAMPLE = r"(?:sample|example)s?"
_EXPLICIT = (
    rf"(?:{_SAMPLE}(?:\s*test)?(?:\s*case)?{_NUMBER}\s*[:.-]?\s*(?:%(kind)s)s?(?:\s*data)?"
    rf"|(?:%(kind)s)s?\s*(?:of\s*|for\s*)?(?:the\s*)?{_SAMPLE}(?:\s*input)?|%(elsewhere)s){_NUMBER}"
)
_WORDS = {
    "input": {"kind": "input", "elsewhere": r"入力例|样例输入|输入样例|输入(?=\s*#\s*\d)"},
    "output": {"kind": "output", "elsewhere": r"出力例|样例输出|输出样例|输出(?=\s*#\s*\d)"},
}
_BARE = rf"(?:(?:standard|expected|test)\s*)?(?:%(kind)s)s?{_NUMBER}(?:\s*\(std(?:in|out)\))?"
_SECTION = re.compile(
    rf"(?:input\s*(?:and|/)\s*output\s*)?{_SAMPLE}(?:\s*tests?(?:\(s\))?)?(?:\s*cases?)?"
    rf"(?:\s*inputs?\s*(?:and|/|&)\s*outputs?|\s*i/o)?(?:\s*data)?{_NUMBER}",
    re.IGNORECASE,
)
_NOTE = r"(?:notes?|explanations?|hints?|remarks?|clarifications?|comments?)"
_NOTES = re.compile(
    rf"{_NOTE}{_NUMBER}|{_SAMPLE}\s*(?:case\s*)?{_NUMBER}\s*{_NOTE}{_NUMBER}|{_NOTE}\s.{{0,40}}{_SAMPLE}.{{0,20}}",
    re.IGNORECASE,
)
_END = re.compile(
    r"constraints?|limits?|limitations?|scoring|subtasks?|sources?|authors?|licen[sc]e|metadata|tags|difficulty|hide"
    r"|problem\s*id.*|(?:cpu\s*)?time[\s-]*limit.*|mem(?:ory)?[\s-]*limit.*|codeforces \(c\).*",
    re.IGNORECASE,
)
_NOTED = re.compile(rf"{_NOTE}{_NUMBER}\s*:", re.IGNORECASE)  # with the note on the same line
_COPY = r"(?:\s*copy)?"
_LABELS = {
    (kind, explicit): re.compile((_EXPLICIT if explicit else _BARE) % words + _COPY, re.IGNORECASE)
    for kind, words in _WORDS.items()
    for explicit in (True, False)
}
_BOTH = re.compile(
    rf"(?P<input>{_EXPLICIT % _WORDS['input']}){_COPY}\s+(?P<output>{_EXPLICIT % _WORDS['output']}){_COPY}",
    re.IGNORECASE,
)
_DECORATION = " \t#*_`>:.　\u00a0"
_NO_DATA = re.compile(r"\((?:none|empty|no input)\)|<(?:none|empty)>", re.IGNORECASE)
# `-----Sample Input-----`, `[Sample Input]`
_WRAPPED = re.compile(r"(?:[-=~]{2,}(?P<a>.*?)[-=~]{2,}|\[(?P<b>[^\[\]]*)\]|\((?P<c>[^()]*)\)|【(?P<d>[^【】]*)】)")
_RULE = re.compile(r"-{3,}|={3,}")  # below a heading, or between parts of a text
_FENCE = re.compile(r"(?P<indent>\s*)(?P<fence>`{3,}|~{3,})\s*[\w+-]*\s*")
_MARKDOWN_HEADING = re.compile(r"#{1,6} +[^\W\d_]{2}|\*\*[^\W\d_][^*]*\*\*\s*$")


class _Fence(str):
    """The text between two fences."""


def _items(lines: Sequence[str]) -> Iterator[str]:
    """The lines of a text, and the fenced blocks."""
    place = 0
    while place < len(lines):
        opened = _FENCE.fullmatch(lines[place])
        if opened is None:
            yield lines[place]
            place += 1
            continue
        end = _fence_end(lines, place, opened["fence"])
        yield _Fence("\n".join(line.removeprefix(opened["indent"]) for line in lines[place + 1 : end]))
        place = end + 1


def _fence_end(lines: Sequence[str], begin: int, fence: str) -> int:
    for place in range(begin + 1, len(lines)):
        line = lines[place].strip()
        if len(line) >= len(fence) and not line.strip(fence[0]):
            return place
    return len(lines)


class _ExampleReader:
    """Reads a statement line by line."""

    def __init__(self, in_examples: bool = False) -> None:
        self.found: list[Example] = []
        self._in_examples = in_examples  # a bare "Input" is then a heading of data, not of the input section
        self._labels: list[Kind] = []  # of the current example
        self._blocks: list[tuple[int, str]] = []  # its data, each with the number of labels before it
        self._lines: list[str] | None = None  # the lines below a label, while no data was found
        self._label = ""  # the line with that label
        self._columns: list[str] | None = None  # the lines below a line with both labels
        self._table: list[list[str]] | None = None
        # Whether the current example has the labels "Input" and "Output" directly below each other, as in the copied
        # text of a table: then what follows are its input and its output, in one.
        self._is_bare = False
        self._fences: list[str] = []  # below a heading of examples without a label, or in a table

    def take(self, item: str) -> None:
        if isinstance(item, _Fence):
            self._fenced(item)
        elif self._is_heading(item) or self._underlines(item):
            pass
        elif self._table is not None and "|" in item:
            self._table.append(_cells(item))
        else:
            for kept in (self._lines, self._columns):
                if kept is not None:
                    kept.append(item)

    def end(self) -> None:
        """End the current example."""
        self._close()
        if self._columns is not None and not self._fences:
            self._add(*_side_by_side(self._columns))
        if self._table is not None and not self._fences:
            self.found += _of_table(self._table)
        if self._labels[:2] == ["input", "output"]:
            first, second = ([text for level, text in self._blocks if level == label] for label in (1, 2))
            given = first[0] if first else second.pop(0) if len(second) > 1 else ""
            if first or given or not self._is_bare:
                self._add("" if _NO_DATA.fullmatch(given.strip()) else given, second[0] if second else "")
        elif not self._labels and len(self._fences) % 2 == 0:
            for given, expected in zip(self._fences[::2], self._fences[1::2], strict=True):
                self._add(given, expected)
        self._labels, self._blocks, self._fences, self._columns, self._table = [], [], [], None, None
        self._is_bare = False

    def _add(self, given: str, expected: str) -> None:
        if expected.strip():
            self.found.append(Example(_ended(given), _ended(expected)))

    def _is_heading(self, line: str) -> bool:
        """Whether `line` is a heading. If so, start and end what it starts and ends."""
        words = line.strip(_DECORATION)
        if wrapped := _WRAPPED.fullmatch(words):
            line = words = (wrapped[wrapped.lastgroup or 0]).strip(_DECORATION)
        if not words:
            return False
        if self._both(line, words):
            return True
        for kind in ("input", "output"):
            if (rest := self._after_label(kind, line, words)) is not None:
                self._in_examples |= self._labels == [kind]  # the previous line was the heading of all examples
                if kind == "input" or self._labels[-1:] == ["output"]:
                    self.end()
                follows = kind == "output" and self._labels == ["input"] and not rest and self._lines == [""]
                self._is_bare = follows and _LABELS[kind, False].fullmatch(words) is not None
                self._close()
                self._labels.append(kind)
                self._lines = [rest]
                self._label = line.strip()
                return True
        if _SECTION.fullmatch(words):
            self.end()
            self._in_examples = True
            return True
        if _NOTES.fullmatch(words) or _NOTED.match(line.lstrip(_DECORATION)):
            self.end()
            return True
        head = line.partition(":")[0].strip(_DECORATION)
        if ((_END.fullmatch(words) or _END.fullmatch(head)) and not words[0].islower()) or self._leaves(line):
            self.end()
            self._in_examples = False
            return True
        return False

    def _underlines(self, line: str) -> bool:
        """Whether a line belongs to the label above it, as Markdown may write headings."""
        is_first = self._lines == [""] and _RULE.fullmatch(line.strip()) is not None
        return is_first and abs(len(line.strip()) - len(self._label)) <= 2

    def _after_label(self, kind: Kind, line: str, words: str) -> str | None:
        """The rest of a label's line after the label; None if the line is not a label of data."""
        head, colon, rest = line.partition(":")
        begun = self._labels == ["input"] and (kind == "output" or not "".join(self._lines or []).strip())
        for explicit in (True, False):
            if not explicit and not self._in_examples and not begun:
                continue
            if _LABELS[kind, explicit].fullmatch(words):
                return ""
            if colon and _LABELS[kind, explicit].fullmatch(head.strip(_DECORATION)):
                return rest.strip(" \t*_`")
        return None

    def _both(self, line: str, words: str) -> bool:
        """Whether a line has both labels side by side, in a table or in the copied text of a table."""
        cells = [cell.strip(_DECORATION) for cell in re.split(r"\||\t|\s{2,}", line.strip(" |"))]
        cells = [cell for cell in cells if cell and cell.lower() != "copy"]
        pairs = zip(("input", "output"), cells, strict=False)
        labels = len(cells) == 2 and all(
            _LABELS[kind, True].fullmatch(cell) or _LABELS[kind, False].fullmatch(cell) for kind, cell in pairs
        )
        if not labels and not _BOTH.fullmatch(words):
            return False
        self.end()
        self._in_examples = True
        if "|" in line:
            self._table = [_cells(line)]
        else:
            self._columns = []
        return True

    def _leaves(self, line: str) -> bool:
        """Whether a line is a Markdown heading that ends the examples."""
        reads_plain_text = self._lines is not None and not self._label.startswith(("#", "**"))
        return self._in_examples and not reads_plain_text and _MARKDOWN_HEADING.match(line) is not None

    def _fenced(self, content: _Fence) -> None:
        text = content.strip("\n")
        first = text.partition("\n")[0]
        inner = _ExampleReader(in_examples=True)
        if (
            self._in_examples
            and not self._labels
            and inner._after_label("input", first, first.strip(_DECORATION)) is not None
        ):
            for line in text.split("\n"):
                inner.take(line)
            inner.end()
            self.found += inner.found
        elif self._lines is not None:
            words = _data(self._lines)
            if words.lower() not in ("", "copy") and not (_is_prose(words, 2) or words.endswith(":")):
                self._close()
                return
            self._blocks.append((len(self._labels), text))
            self._lines = None
        elif self._labels and not self._blocks:
            self._blocks.append((len(self._labels), text))
        elif self._labels and self._blocks[-1][0] == len(self._labels) == 2 and self._blocks[0][0] == 2:
            self._blocks.append((2, text))  # both labels, then both blocks
        elif self._in_examples and not self._labels:
            self._fences.append(text)

    def _close(self) -> None:
        """End the lines below a label."""
        lines, self._lines = self._lines, None
        if lines is None:
            return
        if self._labels[-1] == "output":
            given = {line.strip() for _, text in self._blocks for line in text.split("\n")}
            lines = _without_notes(lines, given)
        if text := _data(lines):
            self._blocks.append((len(self._labels), text))


def _ended(text: str) -> str:
    text = text.rstrip()
    return f"{text}\n" if text else ""


def _data(lines: Sequence[str]) -> str:
    """The data in the lines below a label: all lines, or only the indented block at their start."""
    lines = list(lines)
    while lines and not lines[0].strip():
        lines.pop(0)
    is_button = bool(lines) and lines[0].strip().lower() == "copy" and any(line.strip() for line in lines[1:])
    if is_button:
        return _data(lines[1:])
    while len(lines) > 1 and (not lines[-1].strip() or (not lines[-2].strip() and _RULE.fullmatch(lines[-1].strip()))):
        lines.pop()
    lines, code = [line.rstrip() for line in lines], 0
    while code < len(lines) and (not lines[code].strip() or lines[code].startswith(("    ", "\t"))):
        code += 1
    if code and (code == len(lines) or not lines[code - 1].strip()):
        lines = [line.removeprefix("\t") if line.startswith("\t") else line[4:] for line in lines[:code]]
    return "\n".join(lines).rstrip()


def _without_notes(lines: Sequence[str], given: set[str]) -> list[str]:
    """The lines of an output up to the first sentence, which explains it. An output that starts with one is all data.

    Args:
        lines: the lines below the label.
        given: the lines of the input; an output may repeat them.
    """
    begun, blank = False, False
    for place, line in enumerate(lines):
        if not line.strip() or (not begun and line.strip().lower() == "copy"):
            blank = begun
            continue
        prose = _is_prose(line, 2 if blank else 4) and line.strip() not in given
        if not begun and prose:
            return list(lines)
        if prose:
            return list(lines[:place])
        begun, blank = True, False
    return list(lines)


def _is_prose(text: str, least: int) -> bool:
    """Whether a text is a sentence of at least `least` words; it must be longer if it has no final punctuation."""
    words = re.findall(r"(?<!\w)[^\W\d_]{2,}(?!\w)", text)
    if not any(word.islower() for word in words):
        return False
    return len(words) >= least + (0 if text.rstrip("*_`)\"' ").endswith((".", "!", "?", ":", "。")) else 3)


def _side_by_side(lines: Sequence[str]) -> tuple[str, str]:
    """Input and output from the copied text of a table with two cells; empty if their boundary is not clear."""
    filled = [line for line in lines if line.strip()]
    between = next((place for place, line in enumerate(lines) if "\t" in line and not line.strip()), None)
    if between is not None:
        given, expected = lines[:between], lines[between + 1 :]
    elif filled and all("\t" in line.rstrip() for line in filled):
        given, expected = ([line.split("\t", 1)[side].strip() for line in filled] for side in (0, 1))
    elif any("\t" in line for line in filled):
        first, _, second = "\n".join(lines).partition("\t")
        given, expected = first.split("\n"), second.split("\n")
    else:
        parts = re.split(r"\n\s*\n", "\n".join(lines).strip())
        given, expected = (part.split("\n") for part in (parts if len(parts) == 2 else ("", "")))
    return _data(given), _data(_without_notes(expected, {line.strip() for line in given}))


def _cells(line: str) -> list[str]:
    if "```" in line:
        return []  # a fence that lost its line ends
    cells = line.strip().removeprefix("|").removesuffix("|").split("|")
    lines = [[part.strip(" \t`") for part in re.split(r"<br\s*/?>", cell)] for cell in cells]
    return ["\n".join(each).strip() for each in lines]


def _of_table(rows: Sequence[list[str]]) -> Iterator[Example]:
    """The examples of a Markdown table: one per row; or, if its heading numbers the examples, one with one line per
    row. If several rows of such a table are full, the meaning is not clear and there is none."""
    head, *body = [row for row in rows if not all(cell and not cell.strip("-: ") for cell in row)]
    body = [row for row in body if len(row) == len(head) == 2]
    if len(body) > 1 and head[0][-1:].isdigit():
        body = [] if all(map(all, body)) else [["\n".join(cells) for cells in zip(*body, strict=True)]]
    yield from (Example(_ended(given), _ended(expected)) for given, expected in body if expected.strip())


def _without_tags(text: str) -> str:
    """HTML as text, with fences for `<pre>`. In other texts only spaces and line ends are normalized."""
    text = text.replace("\r\n", "\n").replace("\u00a0", " ").replace("\u200b", "")
    if not re.search(r"<pre\b", text, re.IGNORECASE):
        return html.unescape(text) if re.search(r"&(?:lt|gt|amp|quot);", text) else text
    parts = re.split(r"(?is)<pre\b[^>]*>(.*?)</pre>", text)
    for place, part in enumerate(parts):
        if place % 2:
            part = re.sub(r"(?i)<br\s*/?>|(?<!\n)</div>", "\n", part)
            content = html.unescape(re.sub(r"<[^<>]*>", "", part)).strip("\n")
            parts[place] = f"\n`````\n{content}\n`````\n"
        else:
            part = re.sub(
                r"</?(?:h\d|p|div|section|li|ul|ol|table|t[hdr]|br)\b[^<>]*>", "\n", part, flags=re.IGNORECASE
            )
            parts[place] = html.unescape(re.sub(r"</?[a-z][^<>]*>", "", part, flags=re.IGNORECASE))
    return "".join(parts)
