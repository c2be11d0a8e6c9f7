"""Which processes have come from this one."""

from __future__ import annotations

import os
from pathlib import Path


def descendants() -> set[int]:
    """The numbers of all living processes beneath this one, wherever they hide."""
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}
