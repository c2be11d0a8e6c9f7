"""Files of lines that survive a kill: what was appended is whole and on disk, and half a line is dropped."""

from __future__ import annotations

import os
from pathlib import Path


def append_line(file: Path, line: bytes) -> None:
    """Append a line, its end included: it is on disk when this returns."""
    with file.open("ab") as opened:
        opened.write(line)
        opened.flush()
        os.fsync(opened.fileno())


def drop_torn_line(file: Path) -> None:
    """A kill in mid-write leaves half a line at the end; what it was of is done again."""
    if not file.is_file():
        return
    content = file.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with file.open("r+b") as opened:
            opened.truncate(whole)
