"""Files of JSON lines that are appended to one by one, and survive a kill."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from program.errors import UserError
from program.files import append, hold, is_special, sync_folder
from program.input_files import decoded, json_value


class JsonLines:
    """A file of JSON lines to append to, for many threads of one process. A command that was killed goes on with it.

    Args:
        path: made with its folder where it is missing; half a line at its end, left by a kill, is dropped.
        alone: whether other processes are kept out, where nothing else does that.

    Raises:
        UserError: another process is writing to it.
    """

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        self.path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._held = hold_results(path) if alone else None
        with path.open("ab") as opened:
            whole = sum(map(len, whole_lines(path)))
            if whole < opened.tell():
                opened.truncate(whole)
        sync_folder(path.parent)

    def append(self, value: Any) -> None:
        """Append a JSON value: it is on disk when this returns."""
        with self._lock:
            append(self.path, json_line(value))

    def values(self) -> list[Any]:
        """What the file holds, in the order it was appended.

        Raises:
            InputError: a line is no JSON value.
        """
        numbered = enumerate(whole_lines(self.path), 1)
        return [json_value(decoded(line, self.path), f"{self.path}, line {number},") for number, line in numbered]


def hold_results(path: Path) -> Any:
    """Keep other processes from a file of results as long as the returned file is open.

    Raises:
        UserError: another process has it, or it is a device or a pipe.
    """
    if is_special(path):
        raise UserError(f"{path} is no file that could be read again; choose another")
    said = f"{path} is being written to by another process; wait for it or choose another"
    return hold(path, said, also_from_here=True)


def whole_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, their ends included, without half a line at the end: a kill has left it, or its writer is
    at it right now. None where there is no file.
    """
    if path.is_file():
        with path.open("rb") as lines:
            yield from (line for line in lines if line.endswith(b"\n"))


def json_line(value: Any) -> bytes:
    """A JSON value as a line. Models write half surrogate pairs too, which are no text that can be stored."""
    return (json.dumps(value, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def key_of(*parts: Any) -> str:
    """A key for a stored result, which differs when any of the parts, JSON values, does."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
