"""Results on disk by key, so that a long command that was killed goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from eval.rollouts.json_lines import append_line, drop_torn_line


class Journal:
    """A file of JSON lines, each a key and its result. For one thread.

    Args:
        path: the file, made with its folder when it is missing; half a line at its end, left by a kill, is dropped.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        drop_torn_line(path)
        lines = path.read_text().split("\n") if path.is_file() else []
        self._results = {line["key"]: line["result"] for line in map(json.loads, filter(None, lines))}

    def get(self, key: str) -> Any:
        """The stored result, or None."""
        return self._results.get(key)

    def add(self, key: str, result: Any) -> None:
        """Store a result, JSON values only: it is on disk when this returns."""
        append_line(self._path, (json.dumps({"key": key, "result": result}, ensure_ascii=False) + "\n").encode())
        self._results[key] = result


def key_of(*parts: Any) -> str:
    """A key that differs when any of the parts, JSON values, does."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
