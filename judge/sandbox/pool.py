"""The judge's processes, shared by all who judge.

What a candidate under full protection can do: compute, use its memory, its CPU time and up to 256 threads, read its
input and the interpreter's library, write its output and into a scratch directory of its own in memory.

What it is kept from, and by which layer (each is tried out when a zygote starts; reports name those that held):

* reading or writing the machine's files, or another test's: namespaces (they are not there), Landlock and its user
  number (it may not);
* the network, new processes, exec, ptrace, signals to others: seccomp, and namespaces (nobody to reach);
* the judge's memory, environment and the expected outputs: those are never in a process that a candidate descends from;
* outliving its test: only threads can be made, and they die with it; without seccomp what it leaves is hunted down;
* eating the machine: limits of CPU time, address space, resident memory, output, open files, scratch space.

What it is not kept from: flaws of the kernel itself, timing and other side channels, reading the interpreter's
library and the packages installed beside it, slowing down what else runs on the machine for as long as its limits last.

With `sandbox="off"` only the resource limits hold, and where no zygote can be started at all ("process" in reports)
a candidate may do whatever the user may.
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
    """The right to run one program at a time, and the zygote to do it with, started when first used."""

    def __init__(self) -> None:
        self.worker: Worker | None = None

    def drop(self) -> None:
        """End the zygote; the next use starts another."""
        worker, self.worker = self.worker, None
        if worker is not None:
            worker.kill()


class Pool:
    """Zygotes for many threads at once, first come, first served.

    Args:
        workers: programs that run at once; by default as many as there are cores, so that CPU time stays honest.
        sandbox: "require" full protection, "prefer" it but go on with a warning, or "off".
        layers: of `judge.sandbox.layers.guards.LAYERS`, those to use where they can be had.
        max_waiting: threads that may wait for a turn; one more gets a `JudgeError`.
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
        """Whether a new pool with these arguments would be the same, and this one is open."""
        return (self.workers, self.sandbox) == (workers or _cores(), sandbox) and not self._turns.closed

    def isolation(self) -> str:
        """The name of the protection candidates run under here, "fork" and the layers that hold, or "process".

        Raises:
            JudgeError: it is less than required.
        """
        if self._isolation is None:
            slot = self.acquire()
            try:
                self.worker_of(slot)
            finally:
                self.release(slot)
        return self._isolation or PLAIN

    def worker_of(self, slot: Slot) -> Worker | None:
        """The slot's zygote, started if need be; None where there can be none and plain processes have to do.

        Raises:
            JudgeError: the pool is closed, or a zygote cannot be started, or protects less than required or than the
                first one did.
        """
        if self._turns.closed:
            raise JudgeError("the judge is closed")
        if slot.worker is not None and slot.worker.lost:  # while nobody used it
            self.lose(slot)
        if slot.worker is not None or self._isolation == PLAIN:
            return slot.worker
        with self._starting:
            first = self._isolation is None
            required = self.sandbox == "require"
            enough = selftest.is_full if required and first else self._is_as_before
            try:
                slot.worker, held = selftest.start(self._layers, enough)
            except (Refused, WorkerLost) as fault:
                if required:
                    raise JudgeError(f"full protection is required, and no zygote offers it: {fault}") from fault
                if not first:
                    raise JudgeError(f"a zygote cannot be started: {fault}") from fault
                self._settle(PLAIN, full=False, why=f" ({fault})")
                return None
            try:
                if self._turns.closed:  # meanwhile, by another thread
                    raise JudgeError("the judge is closed")
                if first:
                    self._settle(selftest.name_of(held), full=selftest.is_full(held))
                    self._layers = tuple(held)  # what is missing here is not looked for at every start
            except BaseException:
                slot.drop()
                raise
        return slot.worker

    def companion(self) -> Pool:
        """A pool like this one for what runs while a program of this one waits for it, such as its checker: as many
        turns, so nobody waits for one in vain. Made when first asked for, closed with this one."""
        with self._starting:
            if self._companion is None:
                made = Pool(self.workers, sandbox=self.sandbox, layers=self._layers)
                made._isolation = self._isolation  # which is known, and warned of
                self._companion = made
                if self._turns.closed:  # meanwhile, by another thread
                    made.close()
            return self._companion

    def acquire(self) -> Slot:
        """Wait for a turn. What comes back must be given to `release`.

        Raises:
            JudgeError: too many wait already, or the pool is closed.
        """
        return self._turns.acquire()

    def release(self, slot: Slot) -> None:
        """Give the turn to the next in the queue."""
        if self._turns.closed:
            slot.drop()
        self._turns.release(slot)

    def wanted(self) -> bool:
        """Whether somebody waits for a turn."""
        return self._turns.waiting > 0

    def lose(self, slot: Slot) -> None:
        """End the slot's zygote, which failed, and count it."""
        slot.drop()
        with self._starting:
            self.restarts += 1

    def close(self) -> None:
        """End all zygotes and turn away who waits. Runs at work end at once, with a `JudgeError` for their callers."""
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
        """Whether what a new zygote offers is what the earlier ones did; all are as the first one is."""
        return self._isolation in (None, selftest.name_of(layers))

    def _settle(self, name: str, *, full: bool, why: str = "") -> None:
        if not full and self.sandbox == "require":
            raise JudgeError(f"full protection is required, and here there is only {name!r}{why}")
        if not full and self.sandbox == "prefer":
            warnings.warn(
                f"untrusted programs run with less protection than asked for: {name!r}{why}",
                RuntimeWarning,
                stacklevel=3,
            )
        self._isolation = name


def _cores() -> int:
    return len(os.sched_getaffinity(0))
