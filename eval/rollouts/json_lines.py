"""Files that survive a kill: JSON lines that are appended to one by one, and files that are written whole."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from program.input_files import decoded, json_value


class JsonLines:
    """A file of JSON lines to append to, for many threads of one process. A command that was killed goes on with it.

    Args:
        path: made with its folder where it is missing; half a line at its end, left by a kill, is dropped.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as opened:
            whole = sum(map(len, whole_lines(path)))
            if whole < opened.tell():
                opened.truncate(whole)
        sync_folder(path.parent)

    def append(self, value: Any) -> None:
        """Append a JSON value: it is on disk when this returns."""
        line = json_line(value)
        with self._lock, self.path.open("ab") as opened:
            opened.write(line)
            opened.flush()
            os.fsync(opened.fileno())

    def values(self) -> list[Any]:
        """What the file holds, in the order it was appended.

        Raises:
            InputError: a line is no JSON value.
        """
        numbered = enumerate(whole_lines(self.path), 1)
        return [json_value(decoded(line, self.path), f"{self.path}, line {number},") for number, line in numbered]


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


def write_whole(file: Path, content: bytes) -> None:
    """Write a file whole or not at all: it is on disk when this returns."""
    half = file.with_name(f"{file.name}.tmp")
    with half.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())  # before the new name: else a power cut may leave the name without the content
    half.rename(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """A file that was just made is found again after a power cut only when its folder is on disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
