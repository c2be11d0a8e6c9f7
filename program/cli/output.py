"""The output of commands. It contains untrusted texts, so control characters are replaced here, for all commands."""

from __future__ import annotations

import os
import re
import shlex
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO, cast

from program.errors import UserError

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Categories of characters that are invisible: controls, format characters such as bidirectional overrides, lone
# surrogates, and separators of lines and paragraphs.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_KEPT = "\n\t"

Colour = Literal["bold", "faint", "good", "bad"]
# Blue and yellow instead of green and red, which many people cannot tell apart.
_CODES: dict[Colour, str] = {"bold": "\x1b[1m", "faint": "\x1b[2m", "good": "\x1b[34;1m", "bad": "\x1b[33m"}
_PLAIN = "\x1b[0m"
_PAINT = re.compile("(" + "|".join(map(re.escape, (*_CODES.values(), _PLAIN))) + ")")


def harmless(text: str) -> str:
    """`text` with control characters replaced. A text from a model or a dataset must not move the cursor, set the title
    of the terminal, or change the order of its characters."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(REPLACEMENT if _is_unseen(char) else char for char in text)


def one_line(text: str) -> str:
    """Like `harmless`, with spaces for line ends and tabs: for names in tables and sentences."""
    return harmless(re.sub(r"[\n\t\r\v\f]+", " ", text))


def escaped_json(text: str) -> str:
    """A JSON text in which the characters that `harmless` replaces are escaped; its value is unchanged."""
    return "".join(_escape(char) if _is_unseen(char) else char for char in text)


def _is_unseen(char: str) -> bool:
    return char not in _KEPT and unicodedata.category(char) in _UNSEEN


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


class _Shown:
    """A stream that makes its text harmless; everything else is passed to the original stream.

    Attributes:
        painted: whether the colours of a `Painter` are kept.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.painted = False

    def write(self, text: str) -> int:
        parts = _PAINT.split(text) if self.painted else [text]
        return self._stream.write("".join(p if self.painted and _PAINT.fullmatch(p) else harmless(p) for p in parts))

    def write_exactly(self, text: str) -> None:
        self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Painter:
    """Colours texts. Does nothing if the stream is not a terminal, or if the user has set NO_COLOR (no-color.org)."""

    def __init__(self, stream: TextIO) -> None:
        self._on = stream.isatty() and not os.environ.get("NO_COLOR")
        if isinstance(stream, _Shown):
            stream.painted = self._on

    def __call__(self, text: str, colour: Colour) -> str:
        return f"{_CODES[colour]}{text}{_PLAIN}" if self._on and text else text


@contextmanager
def shown_output() -> Iterator[None]:
    """Inside the block, standard output is harmless, and characters that a stream cannot encode are escaped.

    Raises:
        UserError: standard output is closed.
    """
    before = sys.stdout, sys.stderr
    for number in range(3):  # otherwise the next opened file would get the closed stream's number, and its output
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    try:
        if sys.stderr is None:
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115  stays open until the process ends
        if sys.stdout is None:
            raise UserError("standard output is closed")
        for stream in (sys.stdout, sys.stderr):
            if reconfigure := getattr(stream, "reconfigure", None):
                reconfigure(errors="backslashreplace")
        sys.stdout = cast(TextIO, _Shown(sys.stdout))
        yield
    finally:
        sys.stdout, sys.stderr = before


def counted(number: int, noun: str) -> str:
    """`1 call`, `2 calls`, `1,234 calls`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def without(option: str, arguments: Sequence[str]) -> list[str]:
    """The arguments of a command without an option, which may be abbreviated."""
    return [each for each in arguments if not (len(each) > 3 and option.startswith(each))]


def say_next(*, report: Path | None = None, command: Sequence[str | Path] = ()) -> None:
    """Print on standard error where the report is, and which command to run next (module and arguments)."""
    if report is not None:
        print(f"report: {one_line(str(report))}", file=sys.stderr)
    if command:
        started = "alphacodium" if "alphacodium" in {Path(each).name for each in sys.orig_argv[:2]} else "python -m"
        print(f"next: {started} {one_line(shlex.join(map(str, command)))}", file=sys.stderr)


def write_program(code: str) -> None:
    """Write a program to standard output unchanged; on a terminal, without control characters."""
    if isinstance(sys.stdout, _Shown) and not sys.stdout.isatty():
        sys.stdout.write_exactly(code)
    else:
        sys.stdout.write(code)
