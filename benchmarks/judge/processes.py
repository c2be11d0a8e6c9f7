"""The descendants of this process."""

from __future__ import annotations

import os
from pathlib import Path


def descendants() -> set[int]:
    """The ids of all live descendants of this process."""
    return {process for generation in generations() for process in generation}


def generations() -> list[set[int]]:
    """The descendants by depth, children first."""
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found: list[set[int]] = []
    above = {os.getpid()}
    while above := {pid for pid, parent in parents.items() if parent in above}:
        found.append(above)
    return found
