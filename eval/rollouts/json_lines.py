"""JSON-lines files with appends that survive a kill."""

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
    """A JSON-lines file to append to, for many threads of one process. A killed command can resume with it.

    Args:
        path: created with its folder if missing; an incomplete last line, left by a kill, is dropped.
        alone: whether to lock out other processes.

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
        """Append a JSON value; it is on disk when this returns."""
        with self._lock:
            append(self.path, json_line(value))

    def values(self) -> list[Any]:
        """The values in the file, in the order of appending.

        Raises:
            InputError: a line is not a JSON value.
        """
        numbered = enumerate(whole_lines(self.path), 1)
        return [json_value(decoded(line, self.path), f"{self.path}, line {number},") for number, line in numbered]


def hold_results(path: Path) -> Any:
    """Lock a file of results for other processes as long as the returned file is open.

    Raises:
        UserError: another process has locked it, or it is a device or a pipe.
    """
    if is_special(path):
        raise UserError(f"{path} is not a regular file; choose another")
    said = f"{path} is being written to by another process; wait for it or choose another"
    return hold(path, said, also_from_here=True)


def whole_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file with their line ends, without an incomplete last line (left by a kill or still being
    written); none if there is no file."""
    if path.is_file():
        with path.open("rb") as lines:
            yield from (line for line in lines if line.endswith(b"\n"))


def json_line(value: Any) -> bytes:
    """A JSON value as a line. Models sometimes write lone surrogates, which cannot be stored as text."""
    return (json.dumps(value, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def key_of(*parts: Any) -> str:
    """A key for a stored result; it differs if any part, a JSON value, differs."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
