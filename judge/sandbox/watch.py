"""Watches the process of one candidate from fork to end, inside the zygote, and cleans up what it leaves behind."""

from __future__ import annotations

import os
import select
import signal
import sys
import time

from judge.sandbox.layers import kernel
from judge.sandbox.layers.memory import MemoryGroup
from judge.sandbox.protocol import KILLED_ITSELF, MEMORY_EXCEEDED, TIMED_OUT, Done, Run

_LOOK_EVERY = 0.025  # seconds between memory checks of a long run
_STARVED_FACTOR = 10  # even on a busy machine, a run ends after this many times its wall-clock limit
_PAGE = os.sysconf("SC_PAGE_SIZE")


class JudgeGone(Exception):
    """The judge closed its end of the socket."""


class Watch:
    """Watches the candidates of one zygote, one at a time.

    Args:
        channel: the descriptor of the judge's socket; when the judge closes its end, the run ends.
        sweep: whether a candidate could have left processes behind.
        group: the memory cgroup of the candidates, if there is one.
    """

    def __init__(self, channel: int, *, sweep: bool, group: MemoryGroup | None) -> None:
        self._poller = select.poll()
        self._poller.register(channel, select.POLLIN)
        self._sweep = sweep
        self._group = group
        self._kills = group.kills() if group is not None else 0
        self._hits = group.hits() if group is not None else None

    def until_end(self, pid: int, request: Run) -> Done:
        """Wait for the child `pid`, and kill it when it exceeds a limit.

        Raises:
            JudgeGone: the judge is gone; the child was killed.
        """
        begin = time.monotonic()
        if self._group is not None:
            self._hits = self._group.hits()
        flags = 0
        handle = os.pidfd_open(pid)
        self._poller.register(handle, select.POLLIN)
        try:
            look = min(_LOOK_EVERY, request.cpu_seconds)
            while True:
                ready = self._poller.poll(look * 1000)
                if ready and ready[0][0] != handle and len(ready) == 1:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
                    raise JudgeGone
                if ready:
                    break
                flags |= _exceeded(pid, request, time.monotonic() - begin, maps=self._group is None)
                if flags:
                    os.kill(pid, signal.SIGKILL)
                    look = 1.0
        finally:
            self._poller.unregister(handle)
            os.close(handle)
        wall = time.monotonic() - begin
        _, status, usage = os.wait4(pid, 0)
        if self._sweep:
            _kill_descendants()
        if os.WIFSIGNALED(status):
            status, why = self._explained(os.WTERMSIG(status))
            flags |= why
        return Done(status, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024, flags)

    def _explained(self, by: int) -> tuple[int, int]:
        """The wait status of a child that ended by signal `by`, and a flag with the reason if it is known."""
        if by == signal.SIGSYS:  # the filter turns SIGKILL to oneself into this
            return signal.SIGKILL, KILLED_ITSELF
        if by == signal.SIGKILL and self._group is not None:
            kills, self._kills = self._kills, self._group.kills()
            # The kernel also counts a kill in the candidate's cgroup if one above it has no memory left.
            own = self._hits is None or self._group.hits() != self._hits
            return by, MEMORY_EXCEEDED if self._kills != kills and own else 0
        return by, 0


def _exceeded(pid: int, request: Run, wall: float, *, maps: bool) -> int:
    """The flags of the limits that the running child exceeded. `maps`: include the contents of its shared maps."""
    flags = 0
    try:
        if kernel.cpu_seconds(pid) > request.cpu_seconds:
            flags |= TIMED_OUT
    except OSError:
        return 0  # it has just ended
    if wall > request.wall_seconds and wall - _waited(pid) > request.wall_seconds:
        flags |= TIMED_OUT
    if wall > request.wall_seconds * _STARVED_FACTOR:
        flags |= TIMED_OUT
    if _memory_bytes(pid, request.memory_bytes if maps else sys.maxsize) > request.memory_bytes:
        flags |= MEMORY_EXCEEDED
    return flags


def _waited(pid: int) -> float:
    """Seconds that the child was ready to run but had no core. This is the machine's load, not the program's fault."""
    longest = 0.0
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", "rb") as file:
                longest = max(longest, int(file.read().split()[1]) / 1e9)
    except OSError:
        return longest  # no /proc here, or a thread that has just ended
    return longest


def _memory_bytes(pid: int, allowed: int) -> int:
    """The memory that the child uses: its resident memory, and all of its shared maps, resident or not. These stay in
    memory when they are dropped from the page table. They are read only if the child maps more than `allowed` bytes."""
    try:
        size, resident, shared = _pages(f"/proc/{pid}/statm")
        if not size:  # its first thread has ended; the other threads still have the memory
            tasks = [_pages(f"/proc/{pid}/task/{task}/statm") for task in os.listdir(f"/proc/{pid}/task")]
            size, resident, shared = max(tasks)
        if size <= allowed:
            return resident
        with open(f"/proc/{pid}/maps", "rb") as file:
            maps = [line.split(maxsplit=5) for line in file]
    except (OSError, ValueError):
        return 0  # no /proc here (the address space limit still applies), or the child has just ended
    spans = [fields[0].split(b"-") for fields in maps if fields[1].endswith(b"s")]
    return max(resident, resident - shared + sum(int(last, 16) - int(first, 16) for first, last in spans))


def _pages(path: str) -> tuple[int, int, int]:
    """Bytes that are mapped, resident, and resident in shared maps, from a `statm` file."""
    with open(path, "rb") as file:
        size, resident, shared = (int(word) * _PAGE for word in file.read().split()[:3])
    return size, resident, shared


def _kill_descendants() -> None:
    """Kill the candidate's left-over processes. This process is the subreaper, so it is the parent of all orphans."""
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for name in os.listdir("/proc"):
            if name.isdigit() and _parent(int(name)) == os.getpid():
                os.kill(int(name), signal.SIGKILL)
        time.sleep(0.001)


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0
