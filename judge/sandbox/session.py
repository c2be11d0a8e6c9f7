"""Runs one program in a pool: it is loaded once, run on any number of inputs, and run again if the judge fails."""

from __future__ import annotations

import math
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from judge.sandbox import protocol
from judge.sandbox.layers import namespaces
from judge.sandbox.pool import Pool, Slot
from judge.sandbox.process import ERROR_TAIL, PlainRun, run_program
from judge.sandbox.worker import ProgramDied, Refused, Worker, WorkerLost
from judge.verdict import FaultyProblem, JudgeError, Limits, Verdict

_COMPILER = f"""
import sys, warnings
warnings.simplefilter("ignore")
try:
    compile(sys.stdin.buffer.read(), {protocol.PROGRAM_NAME!r}, "exec", dont_inherit=True)
except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as fault:
    line = getattr(fault, "lineno", None)
    print(f"{{type(fault).__name__}}: {{getattr(fault, 'msg', fault)}}" + (f" (line {{line}})" if line else ""))
""".encode()
# Calls a function if there is no fork server, as `judge.sandbox.candidate` does.
_LIBRARY = str(Path(__file__).parents[2])
_CALLER = """
import sys
sys.path.insert(0, {library!r})
from judge.calling import MODULE, FunctionCall
del sys.path[0], sys.modules["judge"]
path = sys.argv[0] = {path!r}
with open(path, "rb") as file:
    code = compile(file.read(), path, "exec", dont_inherit=True)
main = sys.modules[MODULE] = sys.modules["__main__"] = type(sys)(MODULE)
main.__dict__.update(__file__=path, __builtins__=__builtins__)
call = FunctionCall({entry_point!r})
call.begin()
exec(code, main.__dict__)
call.end(main.__dict__)
"""
_FROM_OTHERS = (-signal.SIGKILL, -signal.SIGTERM)  # signals that may come from the machine or its administrator
TURN_SECONDS = 0.5  # after this time a waiting thread gets the slot, and this program waits for the next turn
_TRIES = 2


class CompileFault(NamedTuple):
    """Why a program does not compile: the verdict (CE or TLE) and the reason in one line."""

    verdict: Verdict
    text: str


class Session:
    """A context manager for the runs of one program, for use by one thread.

    Args:
        entry_point: the function that each run calls; arguments replace the input, and its value replaces the output.
            Empty for a program that reads and prints.

    Attributes:
        retries: runs that were repeated because a zygote was lost.
    """

    def __init__(self, pool: Pool, program: str, entry_point: str = "") -> None:
        self._pool = pool
        self._entry_point = entry_point
        self._program = source_bytes(program)
        self._slot: Slot | None = None
        self._worker: Worker | None = None  # the zygote that has loaded the program
        self._turn_began = 0.0
        self._companion: Session | None = None
        self.retries = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._leave(clean=kind is None or issubclass(kind, JudgeError))

    def compile(self, limits: Limits) -> CompileFault | None:
        """Compile the program within `limits`. Return the reason if it does not compile, else None.

        Raises:
            JudgeError: the judge failed.
        """
        self._enter()
        return self._loaded(limits) if self._worker is None else None

    def run(self, given: str, limits: Limits, arguments: Sequence[bytes] = (), *, executes: bool = False) -> PlainRun:
        """Run the program, which must compile, with `given` on standard input.

        Each of `arguments` is the content of a file that the program may read. The program gets the path as an
        argument. With `executes` the program may exec another one, for example one of these files.

        A run that ended by a signal, which may come from other processes, is repeated once.

        Raises:
            JudgeError: the judge lost the process twice or failed otherwise, or `given` cannot be encoded.
        """
        try:
            text = given.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as fault:
            raise FaultyProblem(f"a test's input cannot be encoded as UTF-8: {fault}") from fault
        if self._slot is not None and self._pool.wanted() and time.monotonic() - self._turn_began > TURN_SECONDS:
            self._leave(clean=True)
        self._enter()
        for attempt in range(_TRIES):
            last = attempt + 1 == _TRIES
            try:
                if self._worker is None:
                    fault = self._loaded(limits)
                    if self._worker is None and fault is not None:
                        raise JudgeError(f"the program compiled before, but does not compile now: {fault.text}")
                done = self._run(text, limits, arguments, executes=executes)
            except (ProgramDied, WorkerLost, Refused) as fault:
                if isinstance(fault, ProgramDied):
                    self._worker = None  # the zygote still runs
                else:
                    self._lose()
                if last:
                    lost = "could not be set up" if isinstance(fault, Refused) else "was lost"
                    raise JudgeError(f"a test {lost} twice: {fault}") from fault
            else:
                if done.exit_status not in _FROM_OTHERS or done.explained(limits):
                    return done
                if last and done.exit_status == -signal.SIGKILL:
                    raise JudgeError("a test's process was killed twice, not by itself")
                if last:
                    return done
            self.retries += 1
        raise AssertionError("the loop returns or raises")

    def companion(self, program: str) -> Session:
        """The session of another program that runs while this one waits for it; always for the same program.

        It uses the companion pool and is left together with this session, so there is no deadlock.
        """
        if self._companion is None:
            self._companion = Session(self._pool.companion(), program)
        return self._companion

    def _enter(self) -> None:
        if self._slot is None:
            self._slot = self._pool.acquire()
            self._turn_began = time.monotonic()

    def _leave(self, *, clean: bool) -> None:
        if self._companion is not None:
            self._companion._leave(clean=clean)
        slot, self._slot = self._slot, None
        worker, self._worker = self._worker, None
        if slot is None:
            return
        try:
            if not clean:
                slot.drop()  # a run may be in progress
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

    def _loaded(self, limits: Limits) -> CompileFault | None:
        """Load the program. Return the reason if it does not compile, else None."""
        assert self._slot is not None
        imports = True
        left = _TRIES
        while True:
            worker = self._pool.worker_of(self._slot)
            if worker is None:
                return _compiled_apart(self._program, limits)
            source = _file(self._program)
            try:
                text = worker.load(source, self._request(limits, imports))
                self._worker = worker if text is None else None
                return None if text is None else CompileFault(Verdict.CE, text)
            except ProgramDied as death:
                if death.compiled and imports:  # an imported module ended the process: let the program import it
                    imports = False
                    continue
                if death.status == -signal.SIGXCPU and not death.compiled:
                    return CompileFault(Verdict.TLE, "the compiler ran out of time")
                left -= 1
                if not left:
                    # A program cannot do this to its compiler: for example, the machine has no memory left.
                    if death.compiled or death.status == -signal.SIGKILL or death.status >= 0:
                        raise JudgeError(f"a program could not be loaded: {death}") from death
                    return CompileFault(Verdict.CE, f"the compiler ended with status {death.status}")
            except WorkerLost as loss:
                self._lose()
                left -= 1
                if not left:
                    raise JudgeError(f"a program could not be loaded: {loss}") from loss
            finally:
                os.close(source)
            self.retries += 1

    def _request(self, limits: Limits, imports: bool) -> protocol.Load:
        return protocol.Load(max(1, math.ceil(limits.seconds)), imports, self._entry_point)

    def _run(self, given: bytes, limits: Limits, arguments: Sequence[bytes], *, executes: bool) -> PlainRun:
        files: list[int] = []
        try:
            if self._worker is None:
                files.extend(map(_file_to_read, arguments))
                with _as_file(self._program, self._entry_point) as path:
                    return run_program(path, given.decode("utf-8", "surrogateescape"), limits, files)
            files.extend(map(_file, (given, b"", b"")))
            files.extend(map(_file_to_read, arguments))
            request = protocol.Run(
                limits.seconds, limits.wall_seconds, limits.memory_bytes, limits.output_bytes, executes
            )
            done = self._worker.run(files, request)
            written, complained = os.fstat(files[1]).st_size, os.fstat(files[2]).st_size
            output = os.pread(files[1], min(written, limits.output_bytes), 0)
            error = os.pread(files[2], ERROR_TAIL, max(0, complained - ERROR_TAIL))
        finally:
            for file in files:
                os.close(file)
        return PlainRun(
            output=output.decode("utf-8", "replace"),
            error=error.decode("utf-8", "replace").replace(namespaces.PROGRAM_FILE, protocol.PROGRAM_NAME),
            exit_status=os.waitstatus_to_exitcode(done.status),
            cpu_seconds=done.cpu_seconds,
            wall_seconds=done.wall_seconds,
            peak_bytes=done.peak_bytes,
            timed_out=bool(done.flags & protocol.TIMED_OUT),
            output_exceeded=max(written, complained) > limits.output_bytes,
            memory_exceeded=bool(done.flags & protocol.MEMORY_EXCEEDED),
            killed_itself=bool(done.flags & protocol.KILLED_ITSELF),
        )


def source_bytes(program: str) -> bytes:
    """The program as bytes of a file. Invalid text is kept, so that the compiler rejects it."""
    try:
        return program.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return program.encode("utf-8", "surrogatepass")


def _file(content: bytes) -> int:
    """A file in memory with this content; the offset is 0."""
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


def _file_to_read(content: bytes) -> int:
    """Like `_file`, but opened for reading only, so that it can be executed."""
    written = _file(content)
    try:
        return os.open(f"/proc/self/fd/{written}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(written)


@contextmanager
def _as_file(program: bytes, entry_point: str = "") -> Iterator[Path]:
    """A file to run: the program itself, or a wrapper that calls its function."""
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        os.chmod(folder, 0o755)
        path = Path(folder) / protocol.PROGRAM_NAME
        path.write_bytes(program)
        if entry_point:
            caller = Path(folder) / "caller.py"
            caller.write_text(_CALLER.format(library=_LIBRARY, path=str(path), entry_point=entry_point))
            path = caller
        yield path


def _compiled_apart(program: bytes, limits: Limits) -> CompileFault | None:
    """Compile the program in a separate plain process. Return the reason if it does not compile, else None."""
    with _as_file(_COMPILER) as compiler:
        done = run_program(compiler, program.decode("utf-8", "surrogateescape"), limits)
    if done.timed_out or done.cpu_seconds > limits.seconds:
        return CompileFault(Verdict.TLE, "the compiler ran out of time")
    if done.exit_status == 0:
        return CompileFault(Verdict.CE, done.output.strip()) if done.output else None
    return CompileFault(Verdict.CE, f"the compiler ended with status {done.exit_status}")
