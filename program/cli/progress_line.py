"""The progress of a command: on a terminal one line below all other output, otherwise a line from time to time."""

from __future__ import annotations

import re
import shutil
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

from rich.cells import cell_len, set_cell_size

from program.cli.output import one_line

LIVE_SECONDS = 0.5  # between two updates of the line on a terminal
LOG_SECONDS = 30.0  # between two lines in a file
_ERASE = "\r\x1b[2K"
_PART_END = re.compile(r" \| |[,;] ")
_open: list[ProgressLine] = []


class ProgressLine:
    """Shows the line inside the block; its last state remains. Nested blocks share one line: the inner text first, then
    the outer one.

    Args:
        line: returns the current text; a separate thread calls it.
        stream: the output (default: standard error).
    """

    def __init__(self, line: Callable[[], str], stream: TextIO | None = None) -> None:
        self._line = line
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._shown = False
        self._within_line = False  # other output has begun a line: `print` writes its text and the line end separately
        self._thread = threading.Thread(target=self._repeat, name="progress", daemon=True)
        self._before: tuple[TextIO, TextIO] | None = None

    def __enter__(self) -> ProgressLine:
        if self._live:
            self._before = sys.stdout, sys.stderr
            sys.stdout, sys.stderr = (_Above(each, self) if each.isatty() else each for each in self._before)  # type: ignore[assignment]
        _open.append(self)
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _trace: TracebackType | None
    ) -> None:
        _open.remove(self)
        self._over.set()
        self._thread.join()
        self.erase()
        if self._before is not None:
            sys.stdout, sys.stderr = self._before
        self._stream.write(f"{one_line(self._line())}\n")
        self._stream.flush()

    def erase(self) -> None:
        """Remove the line before other output; the next update shows it again."""
        with self._lock:
            if self._shown:
                self._stream.write(_ERASE)
                self._stream.flush()
                self._shown = False

    def above(self, write: Callable[[str], Any], text: str) -> Any:
        """Write a text in place of the line."""
        with self._lock:
            self.erase()
            self._within_line = not text.endswith("\n") if text else self._within_line
            return write(text)

    def _repeat(self) -> None:
        said, written = "", time.monotonic()
        while not self._over.wait(LIVE_SECONDS):
            if _open[-1:] != [self]:
                self.erase()
                continue
            now = " | ".join(one_line(each._line()) for each in reversed(_open))
            with self._lock:
                if self._live and not self._within_line:
                    width = shutil.get_terminal_size().columns - 1
                    self._stream.write(f"{_ERASE}{_fitted(now, width)}")
                    self._shown = True
                elif not self._live and now != said and time.monotonic() - written >= LOG_SECONDS:
                    self._stream.write(f"{now}\n")
                    said, written = now, time.monotonic()
                self._stream.flush()


class _Above:
    """A stream that writes its text above the progress line; everything else is passed to the original stream."""

    def __init__(self, stream: TextIO, progress: ProgressLine) -> None:
        self._stream = stream
        self._progress = progress

    def write(self, text: str) -> int:
        return self._progress.above(self._stream.write, text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _fitted(line: str, width: int) -> str:
    """The line in at most `width` columns: without its last parts, so that no number is cut."""
    if cell_len(line) <= width:
        return line
    start = set_cell_size(line, width - 2)
    ends = [found.start() for found in _PART_END.finditer(line) if found.start() <= len(start)]
    return f"{start[: ends[-1]] if ends else start.rstrip()} …"


def count(number: float) -> str:
    """A number in few characters: `1.44k`, `57`, `2.1M`."""
    for unit in ("", "k", "M"):
        if number < 1000:
            return f"{number:.3g}{unit}"
        number /= 1000
    return f"{number:,.0f}G"


def clock(seconds: float) -> str:
    """`3:20`, or `1:03:20`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
