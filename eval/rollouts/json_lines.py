"""Files that survive a kill: what was appended or written is whole and on disk, and half a line is dropped."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def json_line(value: Any) -> bytes:
    """A JSON value as a line. Models write half surrogate pairs too, which are no text that can be stored."""
    return (json.dumps(value, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def append_line(file: Path, line: bytes) -> None:
    """Append a line, its end included: it is on disk when this returns."""
    with file.open("ab") as opened:
        opened.write(line)
        opened.flush()
        os.fsync(opened.fileno())


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


def drop_torn_line(file: Path) -> None:
    """A kill in mid-write leaves half a line at the end; what it was of is done again."""
    if not file.is_file():
        return
    content = file.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with file.open("r+b") as opened:
            opened.truncate(whole)
