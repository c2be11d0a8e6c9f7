"""Resources of this process and all its descendants: peak memory together, and CPU time of the descendants."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Used:
    """peak_mb: proportional set size, in which shared pages count once; children_seconds: CPU time."""

    peak_mb: float = 0.0
    children_seconds: float = 0.0


@contextmanager
def watched(every: float = 0.5) -> Iterator[Used]:
    """Sample the process tree every `every` seconds; peaks in between are missed. Sampling costs CPU time of this
    process."""
    used, ended = Used(), threading.Event()
    before = children_seconds()

    def look() -> None:
        while not ended.wait(every):
            used.peak_mb = max(used.peak_mb, sum(map(_megabytes, [os.getpid(), *descendants(os.getpid())])))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield used
    finally:
        ended.set()
        thread.join()
        used.children_seconds = children_seconds() - before


def descendants(process: int) -> list[int]:
    """All current descendants of a process."""
    found = []
    for task in Path(f"/proc/{process}/task").glob("*"):
        try:
            children = [int(each) for each in (task / "children").read_text().split()]
        except OSError:
            continue  # the thread or process has ended meanwhile
        for child in children:
            found += [child, *descendants(child)]
    return found


def _megabytes(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


def children_seconds() -> float:
    """CPU time of all descendants, including ended ones: the times of live ones, each with the children it waited
    for."""
    total = sum(os.times()[2:4])
    for process in descendants(os.getpid()):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15])) / TICK
    return total
