"""One program at work in a pool: loaded once, run on any number of inputs, run again where the judge's side failed."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Self

from judge.sandbox import protocol
from judge.sandbox.pool import Pool, Slot
from judge.sandbox.process import ERROR_TAIL, PlainRun, run_program, syntax_error
from judge.sandbox.worker import ProgramDied, Refused, Worker, WorkerLost
from judge.verdict import JudgeError, Limits

TURN_SECONDS = 0.5  # after that long, another thread that waits has its turn, and this program comes back later
_TRIES = 2


class Session:
    """A context manager for the runs of one program. For one thread.

    Attributes:
        retries: runs that were repeated because a zygote was lost.
    """

    def __init__(self, pool: Pool, program: str) -> None:
        self._pool = pool
        self._program = source_bytes(program)
        self._slot: Slot | None = None
        self._worker: Worker | None = None  # has the program loaded
        self._turn_began = 0.0
        self.retries = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._leave(clean=kind is None or issubclass(kind, JudgeError))

    def compile(self) -> str | None:
        """Why the program does not compile, in one line, or None.

        Raises:
            JudgeError: the judge failed.
        """
        self._enter()
        return self._loaded() if self._worker is None else None

    def run(self, given: str, limits: Limits) -> PlainRun:
        """PlainRun the program, which compiles, with `given` on standard input.

        Raises:
            JudgeError: the judge failed, twice where it was by losing a zygote.
        """
        if self._slot is not None and self._pool.wanted() and time.monotonic() - self._turn_began > TURN_SECONDS:
            self._leave(clean=True)
        self._enter()
        for attempt in range(_TRIES):
            try:
                if self._worker is None:
                    fault = self._loaded()
                    if self._worker is None and fault is not None:
                        raise JudgeError(f"the program compiled once and does not now: {fault}")
                return self._run(given, limits)
            except WorkerLost as fault:
                self._lose()
                if attempt + 1 == _TRIES:
                    raise JudgeError(f"a test was lost twice: {fault}") from fault
                self.retries += 1
            except Refused as fault:
                self._lose()
                raise JudgeError(f"a test's process could not be set up: {fault}") from fault
        raise AssertionError("the loop returns or raises")

    def _enter(self) -> None:
        if self._slot is None:
            self._slot = self._pool.acquire()
            self._turn_began = time.monotonic()

    def _leave(self, *, clean: bool) -> None:
        slot, self._slot = self._slot, None
        worker, self._worker = self._worker, None
        if slot is None:
            return
        try:
            if not clean:
                slot.drop()  # a run may be under way
            elif worker is not None and worker is slot.worker:
                worker.end()
        except WorkerLost:
            self._pool.lose(slot)
        finally:
            self._pool.release(slot)

    def _lose(self) -> None:
        assert self._slot is not None
        self._worker = None
        self._pool.lose(self._slot)

    def _loaded(self) -> str | None:
        """Load the program: None, or why it does not compile."""
        assert self._slot is not None
        fault = ""
        for attempt in range(_TRIES):
            worker = self._pool.worker_of(self._slot)
            if worker is None:
                return syntax_error(self._program)
            source = _file(self._program)
            try:
                text = worker.load(source)
                self._worker = worker if text is None else None
                return text
            except ProgramDied as death:
                if death.args[0] == -signal.SIGKILL:  # of a machine without memory: no program can do that to it
                    raise JudgeError("the compiler was killed") from death
                fault = f"the compiler ended with status {death}"
            except WorkerLost as loss:
                self._lose()
                if attempt + 1 == _TRIES:
                    raise JudgeError(f"a program could not be loaded: {loss}") from loss
                self.retries += 1
            finally:
                os.close(source)
        return fault

    def _run(self, given: str, limits: Limits) -> PlainRun:
        if self._worker is None:
            return _plain_run(self._program, given, limits)
        files = [_file(given.encode("utf-8", "surrogateescape")), _file(b""), _file(b"")]
        try:
            request = protocol.Run(limits.seconds, limits.wall_seconds, limits.memory_bytes, limits.output_bytes)
            done = self._worker.run(files, request)
            written, complained = os.fstat(files[1]).st_size, os.fstat(files[2]).st_size
            output = os.pread(files[1], min(written, limits.output_bytes), 0)
            error = os.pread(files[2], ERROR_TAIL, max(0, complained - ERROR_TAIL))
        finally:
            for file in files:
                os.close(file)
        return PlainRun(
            output=output.decode("utf-8", "replace"),
            error=error.decode("utf-8", "replace"),
            exit_status=os.waitstatus_to_exitcode(done.status),
            cpu_seconds=done.cpu_seconds,
            wall_seconds=done.wall_seconds,
            peak_bytes=done.peak_bytes,
            timed_out=bool(done.flags & protocol.TIMED_OUT),
            output_exceeded=max(written, complained) > limits.output_bytes,
            memory_exceeded=bool(done.flags & protocol.MEMORY_EXCEEDED),
        )


def source_bytes(program: str) -> bytes:
    """The program as a file holds it. What is no text stays so, for the compiler to refuse."""
    try:
        return program.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return program.encode("utf-8", "surrogatepass")


def _file(content: bytes) -> int:
    """A file in memory with this content, at its beginning."""
    file = os.memfd_create("judge", os.MFD_CLOEXEC)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.lseek(file, 0, os.SEEK_SET)
    except BaseException:
        os.close(file)
        raise
    return file


def _plain_run(program: bytes, given: str, limits: Limits) -> PlainRun:
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        os.chmod(folder, 0o755)
        path = Path(folder) / "program.py"
        path.write_bytes(program)
        return run_program(path, given, limits)
