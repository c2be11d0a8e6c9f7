"""The pool of sandbox processes that all callers of the judge share.

A candidate under full protection can compute, use its memory and CPU time and up to 256 threads, read its input and the
interpreter's library, write its output, and write to its own scratch directory in memory.

Each restriction is enforced by one or more layers. Each layer is tested when a zygote starts, and reports name the
layers that work:

* Files of the machine or of another test cannot be read or written: namespaces (they do not exist there), Landlock and
  a separate user id (no permission).
* No network, new processes, exec, ptrace, or signals to others: seccomp, and namespaces (nobody to reach).
* No access to the judge's memory, its environment or the expected outputs: no ancestor of a candidate has them.
* Nothing outlives a test: a candidate can only create threads, which end with it. Without seccomp, processes that are
  left over are killed.
* Resources are limited: CPU time, address space, resident memory, output, open files, scratch space.

Not prevented: kernel bugs, timing and other side channels, reading the interpreter's library and the installed
packages, and slowing down other processes on the machine until a limit is reached.

With `sandbox="off"` only the resource limits apply. If no zygote can be started at all ("process" in reports), a
candidate has all permissions of the user.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Sequence
from typing import Literal, Self

from judge.sandbox import selftest
from judge.sandbox.layers.guards import LAYERS
from judge.sandbox.turns import MAX_WAITING, Turns
from judge.sandbox.worker import Refused, Worker, WorkerLost
from judge.verdict import JudgeError

Sandbox = Literal["require", "prefer", "off"]
PLAIN = "process"


class Slot:
    """The right to run one program at a time, with its own zygote, which is started on first use."""

    def __init__(self) -> None:
        self.worker: Worker | None = None

    def drop(self) -> None:
        """End the zygote. The next use starts another one."""
        worker, self.worker = self.worker, None
        if worker is not None:
            worker.kill()


class Pool:
    """A pool of zygotes for many threads, first come, first served.

    Args:
        workers: programs that run at once; by default the number of cores, so that CPU times are reliable.
        sandbox: "require" full protection, "prefer" it but continue with a warning, or "off".
        layers: the layers to use if available, out of `judge.sandbox.layers.guards.LAYERS`.
        max_waiting: maximum number of waiting threads; one more gets a `JudgeError`.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        sandbox: Sandbox = "prefer",
        layers: tuple[str, ...] = LAYERS,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self.workers = workers or _cores()
        self.sandbox: Sandbox = sandbox
        self.restarts = 0  # zygotes that were lost and replaced
        self._layers = layers if sandbox != "off" else ()
        self._starting = threading.Lock()
        self._slots = [Slot() for _ in range(self.workers)]
        self._turns = Turns(self._slots, max_waiting)
        self._isolation: str | None = None
        self._companion: Pool | None = None

    def is_like(self, workers: int | None, sandbox: Sandbox) -> bool:
        """Whether this pool is open and was made with these arguments."""
        return (self.workers, self.sandbox) == (workers or _cores(), sandbox) and not self._turns.closed

    def isolation(self) -> str:
        """The name of the sandbox that candidates run in here: "fork" and the working layers, or "process".

        Raises:
            JudgeError: the protection is less than required.
        """
        if self._isolation is None:
            slot = self.acquire()
            try:
                self.worker_of(slot)
            finally:
                self.release(slot)
        return self._isolation or PLAIN

    def worker_of(self, slot: Slot) -> Worker | None:
        """The slot's zygote, started if needed. None if no zygote can run here; plain processes are used instead.

        Raises:
            JudgeError: the pool is closed, or a zygote cannot be started, or it protects less than required or less
                than the first one.
        """
        if self._turns.closed:
            raise JudgeError("the judge is closed")
        if slot.worker is not None and slot.worker.lost:  # it ended while idle
            self.lose(slot)
        if slot.worker is not None or self._isolation == PLAIN:
            return slot.worker
        with self._starting:
            first = self._isolation is None
            required = self.sandbox == "require"
            enough = selftest.is_full if required and first else self._is_as_before
            try:
                slot.worker, working = selftest.start(self._layers, enough)
            except (Refused, WorkerLost) as fault:
                if required:
                    raise JudgeError(f"full protection is required, but no zygote provides it: {fault}") from fault
                if not first:
                    raise JudgeError(f"cannot start a zygote: {fault}") from fault
                self._settle(PLAIN, full=False, why=f" ({fault})")
                return None
            try:
                if self._turns.closed:  # by another thread in the meantime
                    raise JudgeError("the judge is closed")
                if first:
                    self._settle(selftest.name_of(working), full=selftest.is_full(working))
                    self._layers = tuple(working)  # do not test the missing layers again at every start
            except BaseException:
                slot.drop()
                raise
        return slot.worker

    def companion(self) -> Pool:
        """A pool like this one for programs that another program waits for, such as its checker. It has the same number
        of slots, so there is no deadlock. It is created on first use and closed with this pool."""
        with self._starting:
            if self._companion is None:
                made = Pool(self.workers, sandbox=self.sandbox, layers=self._layers)
                made._isolation = self._isolation  # already known, and the warning was already given
                self._companion = made
                if self._turns.closed:  # by another thread in the meantime
                    made.close()
            return self._companion

    def acquire(self) -> Slot:
        """Wait for a slot. The caller must pass it to `release`.

        Raises:
            JudgeError: too many threads are waiting, or the pool is closed.
        """
        return self._turns.acquire()

    def release(self, slot: Slot) -> None:
        """Give the slot to the next thread in the queue."""
        if self._turns.closed:
            slot.drop()
        self._turns.release(slot)

    def wanted(self) -> bool:
        """Whether a thread is waiting for a slot."""
        return self._turns.waiting > 0

    def lose(self, slot: Slot) -> None:
        """End the slot's zygote, which failed, and count the restart."""
        slot.drop()
        with self._starting:
            self.restarts += 1

    def close(self) -> None:
        """End all zygotes. Waiting threads, and threads with a run in progress, get a `JudgeError`."""
        self._turns.close()
        for slot in self._slots:
            slot.drop()
        if self._companion is not None:
            self._companion.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _is_as_before(self, layers: Sequence[str]) -> bool:
        """Whether a new zygote has the same layers as the first one."""
        return self._isolation in (None, selftest.name_of(layers))

    def _settle(self, name: str, *, full: bool, why: str = "") -> None:
        if not full and self.sandbox == "require":
            raise JudgeError(f"full protection is required, but only {name!r} is available here{why}")
        if not full and self.sandbox == "prefer":
            warnings.warn(
                f"untrusted programs run with less protection than requested: {name!r}{why}",
                RuntimeWarning,
                stacklevel=3,
            )
        self._isolation = name


def _cores() -> int:
    return len(os.sched_getaffinity(0))
