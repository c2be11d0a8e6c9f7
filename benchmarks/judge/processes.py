"""Which processes have come from this one."""

from __future__ import annotations

import os
from pathlib import Path


def descendants() -> set[int]:
    """The numbers of all living processes beneath this one, wherever they hide."""
    return {process for generation in generations() for process in generation}


def generations() -> list[set[int]]:
    """They by how far beneath this one they are, its children first."""
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
