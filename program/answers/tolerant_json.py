"""Reads JSON as models write it: with LaTeX backslashes, raw line ends, Python expressions for long texts, and cut off.

Nothing is guessed. A list item that cannot be read is dropped and counted. If a list is cut off, its complete items are
kept. A text that is not JSON at all is rejected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from program.answers.expressions import NoValue, evaluate

BACKSLASHES = "backslashes kept"  # that are not JSON escapes, as in `\\lfloor`
RAW_LINES = "raw line ends in a text"
QUOTES = "quotes not escaped"
COMMAS = "commas left out or too many"
PYTHON_WORDS = "words of Python in JSON"
EXPRESSION = "a Python expression evaluated"
ITEM_DROPPED = "an item that cannot be read dropped"
CUT_ITEM = "the last item, cut off, dropped"

MAX_DEPTH = 40
MAX_STARTS = 400  # places where a value may start; a model that repeats itself writes thousands
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"(?:\s+|//[^\n]*|#[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(r"[A-Za-z_]\w*")
_WORDS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "'": "'", "/": "/", "\\": "\\"}
_AFTER_TEXT = re.compile(r"\s*(?:[,:\]}]|\Z|```|~~~|//|#)")
_OPERATOR = re.compile(r"""\s*(?:[+*%]\s*(?:["'(\w\[]|f"|f')|\.\s*(?:join|format|repeat)\()""")
_NEXT = re.compile(r"""[ \t]*\n\s*["'{\[]|[ \t]+"[^"\n]*"\s*[,\]}]""")
_CLOSE = {"{": "}", "[": "]", "(": ")"}


@dataclass
class Decoded:
    """A JSON value in a text.

    value: the Python value. start, end: in the text. labels: how it was read; empty for valid JSON.
    dropped: the number of dropped list items; cut: whether the text ends inside it; guessed: whether a library guessed
        it.
    """

    value: Any
    start: int
    end: int
    labels: tuple[str, ...] = ()
    dropped: int = 0
    cut: bool = False
    guessed: bool = False

    def __iter__(self) -> Iterator[Any]:
        return iter((self.value, self.start, self.end))


def values_in(text: str) -> list[Decoded]:
    """The objects and lists of valid JSON in a text, in order; nested ones are not listed separately."""
    found: list[Decoded] = []
    at = 0
    for brace in _starts(text):
        if brace < at:
            continue
        try:
            value, at = _DECODER.raw_decode(text, brace)
        except (ValueError, RecursionError):
            continue
        found.append(Decoded(value, brace, at))
    return found


def broken_values_in(text: str, proper: list[Decoded]) -> Iterator[Decoded]:
    """The objects and lists that can only be read with tolerance, in order; nested ones are not listed separately."""
    inside = [(each.start, each.end) for each in proper]
    at = 0
    for brace in _starts(text):
        if brace < at or any(start <= brace < end for start, end in inside):
            continue
        try:
            found = decode(text, brace)
        except ValueError:
            continue
        if found.end > brace + 1:
            at = found.end
            yield found


def _starts(text: str) -> list[int]:
    """Where objects and lists may start. If there are many, those that start with a key or a text come first."""
    all_starts = [match.start() for match in re.finditer(r"[{\[]", text)]
    if len(all_starts) <= MAX_STARTS:
        return all_starts
    likely = [match.start() for match in re.finditer(r"""[{\[](?=\s*["'{\[])""", text)]
    return likely[:MAX_STARTS]


def decode(text: str, start: int) -> Decoded:
    """Read the object or list that starts at `start`.

    Raises:
        ValueError: it cannot be read.
    """
    reader = _Reader(text)
    try:
        value = reader.value(start, 0)
    except _Cut as fault:
        raise ValueError("it is cut off before anything is whole") from fault
    labels = tuple(dict.fromkeys(reader.labels))
    return Decoded(value, start, reader.at, labels, reader.dropped, reader.cut)


class _Cut(Exception):
    """The text ends inside a value."""


class _Fault(ValueError):
    """A value cannot be read."""


@dataclass
class _Reader:
    text: str
    at: int = 0
    labels: list[str] = field(default_factory=list)
    dropped: int = 0
    cut: bool = False

    def value(self, start: int, depth: int) -> Any:
        """Read the value at `start`; set `at` to its end."""
        if depth > MAX_DEPTH:
            raise _Fault("nested too deeply")
        self._skip_space(start)
        sign = self._sign()
        if sign == "{":
            return self._object(depth)
        if sign == "[":
            return self._list(depth)
        begin = self.at
        value, whole = self._simple()
        if self.cut:
            return value
        if whole and not _OPERATOR.match(self.text, self.at):
            return value
        return self._expression(begin)

    def _skip_space(self, start: int) -> None:
        space = _SPACE.match(self.text, start)
        self.at = space.end() if space else start

    def _sign(self) -> str:
        """The next character; a fence counts as the end of the text.

        Raises:
            _Cut: the text ends here.
        """
        if self.at >= len(self.text) or self.text.startswith(("```", "~~~"), self.at):
            raise _Cut
        return self.text[self.at]

    def _simple(self) -> tuple[Any, bool]:
        """Read a text, a number or a word. Also return whether it can be the complete value."""
        text = self.text
        if text.startswith(('"""', "'''"), self.at):
            end = text.find(text[self.at : self.at + 3], self.at + 3)
            if end < 0:
                raise _Cut
            value, self.at = text[self.at + 3 : end], end + 3
            self.labels.append(RAW_LINES)
            return value, True
        if text[self.at] in "\"'":
            return self._text(), True
        number = _NUMBER.match(text, self.at)
        if number:
            self.at = number.end()
            if self.at >= len(text):  # it may continue
                raise _Cut
            written = number.group()
            return (int(written) if re.fullmatch(r"-?\d{1,4000}", written) else float(written)), self._ends()
        word = _WORD.match(text, self.at)
        if word:
            self.at = word.end()
            if self.at >= len(text):
                raise _Cut
            if word.group() in _WORDS:
                if word.group()[0].isupper():
                    self.labels.append(PYTHON_WORDS)
                return _WORDS[word.group()], self._ends()
        return None, False

    def _ends(self) -> bool:
        return _AFTER_TEXT.match(self.text, self.at) is not None

    def _text(self) -> str:
        quote, parts = self.text[self.at], []
        self.at += 1
        if quote == "'":
            self.labels.append(PYTHON_WORDS)
        while True:
            if self.at >= len(self.text):
                raise _Cut
            sign = self.text[self.at]
            if sign == "\\":
                parts.append(self._escape())
                continue
            self.at += 1
            if sign == quote:
                if self._ends() or _OPERATOR.match(self.text, self.at) or self._next_begins():
                    return "".join(parts)
                self.labels.append(QUOTES)
            elif sign < " ":
                self.labels.append(RAW_LINES)
            parts.append(sign)

    def _next_begins(self) -> bool:
        """Whether a comma is missing after a text: another value starts on the next line, or is all that follows."""
        return _NEXT.match(self.text, self.at) is not None

    def _escape(self) -> str:
        """The character of an escape; a backslash that starts no escape stands for itself."""
        if self.at + 1 >= len(self.text):
            raise _Cut
        sign = self.text[self.at + 1]
        if sign == "u":
            code = re.match(r"[0-9a-fA-F]{4}", self.text[self.at + 2 : self.at + 6])
            if code:
                self.at += 6
                high = int(code.group(), 16)
                low = re.match(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})", self.text[self.at : self.at + 6])
                if 0xD800 <= high < 0xDC00 and low:
                    self.at += 6
                    return chr(0x10000 + (high - 0xD800) * 0x400 + int(low.group(1), 16) - 0xDC00)
                return chr(high)
        elif sign in _ESCAPES:
            self.at += 2
            return _ESCAPES[sign]
        self.at += 1
        self.labels.append(BACKSLASHES)
        return "\\"

    def _expression(self, begin: int) -> Any:
        """The value of the expression from `begin` to the comma or bracket that ends it."""
        end = self._end_of(begin)
        try:
            value = evaluate(self.text[begin:end])
        except NoValue as fault:
            self.at = end
            raise _Fault(str(fault)) from fault
        self.at = end
        self.labels.append(EXPRESSION)
        return value

    def _end_of(self, begin: int) -> int:
        """The place of the comma or bracket that ends the expression at `begin`."""
        open_brackets, at, text = [], begin, self.text
        while at < len(text):
            sign = text[at]
            if sign in "\"'":
                at += 1
                while at < len(text) and text[at] != sign:
                    at += 2 if text[at] == "\\" else 1
            elif sign in _CLOSE:
                open_brackets.append(_CLOSE[sign])
            elif open_brackets and sign == open_brackets[-1]:
                open_brackets.pop()
            elif not open_brackets and sign in ",]}":
                return at
            at += 1
        raise _Cut

    def _object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        while True:
            try:
                self._skip_space(self.at)
                sign = self._sign()
                if sign == "}":
                    self.at += 1
                    return found
                if sign == ",":
                    self.at += 1
                    continue
                key = self._key()
                value = self.value(self.at, depth + 1)
                found[key] = value
            except _Cut:
                if (depth and not found) or depth > 1:
                    raise
                self.cut = True
                if not found:
                    raise
                return found
            if self.cut:
                return found
            self._after_value("}")

    def _key(self) -> str:
        if self.text[self.at] in "\"'":
            key = self._text()
        else:
            word = _WORD.match(self.text, self.at)
            if word is None:
                raise _Fault("no key")
            key, self.at = word.group(), word.end()
            self.labels.append(PYTHON_WORDS)
        self._skip_space(self.at)
        if self._sign() != ":":
            raise _Fault("no colon after a key")
        self.at += 1
        return key

    def _after_value(self, closing: str) -> None:
        self._skip_space(self.at)
        if self.at >= len(self.text) or self.text.startswith(("```", "~~~"), self.at):
            return  # the next check reports it
        sign = self.text[self.at]
        if sign == ",":
            self.at += 1
        elif sign != closing:
            if sign not in "\"'{[":
                raise _Fault(f"{sign} after a value")
            self.labels.append(COMMAS)

    def _list(self, depth: int) -> list[Any]:
        self.at += 1
        items: list[Any] = []
        while True:
            try:
                self._skip_space(self.at)
                sign = self._sign()
            except _Cut:
                self.cut = True
                return items
            if sign == "]":
                self.at += 1
                return items
            if sign == ",":
                self.at += 1
                self.labels.append(COMMAS)
                continue
            begin, labels = self.at, len(self.labels)
            try:
                item = self.value(self.at, depth + 2)
                if self.cut:
                    raise _Cut
                self._after_value("]")
                items.append(item)
            except _Cut:
                del self.labels[labels:]
                self.labels.append(CUT_ITEM)
                self.dropped += 1
                self.cut = True
                self.at = len(self.text)
                return items
            except _Fault:
                del self.labels[labels:]
                try:
                    self.at = self._end_of(begin)
                except _Cut:
                    self.labels.append(CUT_ITEM)
                    self.dropped += 1
                    self.cut = True
                    self.at = len(self.text)
                    return items
                if self.at == begin or self.text[self.at] == "}":
                    raise
                self.labels.append(ITEM_DROPPED)
                self.dropped += 1
                if self.text[self.at] == ",":
                    self.at += 1
