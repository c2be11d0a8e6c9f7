"""A memory cgroup for one worker. It counts all memory of the worker's candidates, resident or not.

The judge itself only sees the resident memory of a running candidate. It does not see shared maps that were dropped
from the page table, full pipes and sockets, or files in memory; the kernel charges these to the cgroup. The kernel
kills a candidate that reaches the limit of the cgroup. Version 1 needs root. Version 2 needs a cgroup that is delegated
to the judge's user with the memory controller enabled; this was not tested.
"""

from __future__ import annotations

import os
import time

_PREFIX = "judge-"
_REMOVE_SECONDS = 2.0  # a killed process leaves its cgroup a moment later; until then the cgroup cannot be removed
# For version 1 and version 2: the files of the limit, the usage, and the number of OOM kills.
_FILES = (
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.oom_control", "memory.failcnt"),
    ("memory.max", "memory.current", "memory.events", "memory.events.local"),
)
_MEMBERS = "cgroup.procs"


def new_group(number: int) -> str | None:
    """The folder of a new cgroup beneath the cgroup of this process, or None if it cannot be created.

    Args:
        number: a number that no other cgroup of this process has.
    """
    own = _own_folder()
    if own is None:
        return None
    _sweep(own)
    folder = f"{own}/{_PREFIX}{os.getpid()}-{number}"
    try:
        os.mkdir(folder)
    except OSError:
        return None
    if any(os.path.exists(f"{folder}/{files[0]}") for files in _FILES):
        return folder
    remove_group(folder)  # the memory controller is disabled here
    return None


def remove_group(folder: str) -> None:
    """Remove a cgroup after its processes have ended. If it does not become empty, a later judge removes it."""
    deadline = time.monotonic() + _REMOVE_SECONDS
    while True:
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline:
                return
            time.sleep(0.002)
        else:
            return


def _own_folder() -> str | None:
    """The folder of this process's memory cgroup in the file system."""
    try:
        with open("/proc/self/cgroup") as groups_file, open("/proc/self/mountinfo") as mounts_file:
            groups = [line.rstrip("\n").split(":", 2) for line in groups_file]
            mounts = [line.split() for line in mounts_file]
    except OSError:
        return None
    for _, controllers, path in groups:
        version_2 = not controllers
        if not version_2 and "memory" not in controllers.split(","):
            continue
        for fields in mounts:
            kind, options = fields[fields.index("-") + 1], fields[-1].split(",")
            fits = kind == "cgroup2" if version_2 else kind == "cgroup" and "memory" in options
            if fits and path.startswith(fields[3].rstrip("/")):
                return f"{fields[4]}/{path.removeprefix(fields[3].rstrip('/')).strip('/')}".rstrip("/")
    return None


def _sweep(own: str) -> None:
    """Remove the empty cgroups of judges that were killed together with their zygotes."""
    for name in os.listdir(own):
        pid = name.removeprefix(_PREFIX).partition("-")[0]
        if name.startswith(_PREFIX) and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            try:
                os.rmdir(f"{own}/{name}")
            except OSError:
                continue  # its processes have not ended yet


class MemoryGroup:
    """The cgroup in `folder`, as its zygote uses it. It still works after the zygote has left the file system.

    Raises:
        OSError: it cannot be used.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        limit, used, events, hits = next(files for files in _FILES if os.path.exists(f"{folder}/{files[0]}"))
        self._unlimited = b"-1" if limit == _FILES[0][0] else b"max"
        self._members = os.open(f"{folder}/{_MEMBERS}", os.O_WRONLY | os.O_CLOEXEC)
        self._outside = os.open(f"{os.path.dirname(folder)}/{_MEMBERS}", os.O_WRONLY | os.O_CLOEXEC)
        self._limit = os.open(f"{folder}/{limit}", os.O_WRONLY | os.O_CLOEXEC)
        self._used = os.open(f"{folder}/{used}", os.O_RDONLY | os.O_CLOEXEC)
        self._events = os.open(f"{folder}/{events}", os.O_RDONLY | os.O_CLOEXEC)
        self._hits = _opened(f"{folder}/{hits}")
        self._is: int | None = None

    def join(self) -> None:
        """Move this process, and all processes it will start, into the cgroup.

        Raises:
            OSError: the kernel refuses.
        """
        os.write(self._members, b"0")

    def leave(self) -> None:
        """Leave the cgroup, which is then empty, and remove it."""
        os.write(self._outside, b"0")
        remove_group(self._folder)

    def bound(self, size: int | None) -> None:
        """Limit the cgroup to `size` bytes; None removes the limit.

        Raises:
            OSError: more memory is in use.
        """
        if size != self._is:
            os.pwrite(self._limit, self._unlimited if size is None else b"%d" % size, 0)
            self._is = size

    def used(self) -> int:
        """Bytes in use."""
        return int(os.pread(self._used, 99, 0))

    def hits(self) -> int | None:
        """How often the cgroup's own limit was hit so far; None if the kernel does not tell."""
        if self._hits is None:
            return None
        text = os.pread(self._hits, 999, 0)
        if text.strip().isdigit():
            return int(text)
        return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith((b"max ", b"oom ")))

    def kills(self) -> int:
        """The number of OOM kills in the cgroup so far."""
        for line in os.pread(self._events, 999, 0).splitlines():
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
        return 0


def _opened(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
