"""Runs one program on one input in its own process: `python program.py` with resource limits.

Tests compare the fork server with this module. It is also the fallback if no fork server can run.
It protects from endless loops, memory and output floods, left-over child processes, and files written next to the
project: the program runs in an empty scratch directory with an empty environment.
It does not protect from reading the user's files, or from network access.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from judge.sandbox.layers import kernel
from judge.sandbox.layers.guards import STACK_ROOM
from judge.verdict import JudgeError, Limits

ERROR_TAIL = 4000  # characters of standard error that are kept
# `-I` would ignore the hash seed, which is fixed to make verdicts reproducible.
FLAGS = ("-s", "-P", "-B", "-X", "int_max_str_digits=0")
ENVIRONMENT = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
_LOOK_EVERY = 0.025  # seconds
# Loaded here: nothing may be loaded after the fork of a process with threads.
_prctl = ctypes.CDLL(None).prctl


@dataclass(frozen=True)
class PlainRun:
    """One finished run, before its output is compared."""

    output: str
    error: str
    exit_status: int  # as in `subprocess`: negative for a signal
    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int  # peak resident memory; 0 if unknown
    timed_out: bool
    output_exceeded: bool  # standard output or standard error
    memory_exceeded: bool = False
    killed_itself: bool = False  # only known with a seccomp filter

    def explained(self, limits: Limits) -> bool:
        """Whether the reason is known, for a run that ended by a signal."""
        stopped = self.timed_out or self.memory_exceeded or self.output_exceeded
        return stopped or self.killed_itself or self.cpu_seconds > limits.seconds


def run_program(program: Path, stdin: str, limits: Limits, arguments: Sequence[int] = ()) -> PlainRun:
    """Run the Python file `program` with `stdin` on standard input, as `python program` would.

    Args:
        arguments: descriptors of open files; the program gets their paths as its arguments.

    Raises:
        JudgeError: the process could not be started or watched.
    """
    with tempfile.TemporaryDirectory(prefix="judge-", ignore_cleanup_errors=True) as scratch:
        os.chmod(scratch, 0o777)
        with (
            tempfile.TemporaryFile(dir=scratch) as source,
            tempfile.TemporaryFile(dir=scratch) as output,
            tempfile.TemporaryFile(dir=scratch) as error,
        ):
            source.write(stdin.encode("utf-8", "surrogateescape"))
            source.seek(0)
            begin = time.monotonic()
            try:
                process = subprocess.Popen(
                    [sys.executable, *FLAGS, str(program), *(f"/proc/self/fd/{number}" for number in arguments)],
                    pass_fds=arguments,
                    stdin=source,
                    stdout=output,
                    stderr=error,
                    cwd=scratch,
                    env=ENVIRONMENT,
                    start_new_session=True,
                    preexec_fn=lambda: _restrict(limits),
                )
            except (OSError, subprocess.SubprocessError) as failure:
                raise JudgeError(f"cannot start a program: {failure}") from failure
            timed_out, usage, status = _wait(process, limits)
            wall_seconds = time.monotonic() - begin
            written = max(os.fstat(file.fileno()).st_size for file in (output, error))
            output.seek(0)
            text = output.read(limits.output_bytes + 1).decode("utf-8", "replace")
            error.seek(max(0, os.fstat(error.fileno()).st_size - ERROR_TAIL))
            return PlainRun(
                output=text[: limits.output_bytes],
                error=error.read(ERROR_TAIL).decode("utf-8", "replace"),
                exit_status=status,
                cpu_seconds=usage.ru_utime + usage.ru_stime,
                wall_seconds=wall_seconds,
                peak_bytes=_peak_bytes(usage),
                memory_exceeded=_peak_bytes(usage) > limits.memory_bytes,
                timed_out=timed_out,
                output_exceeded=written > limits.output_bytes or status == -signal.SIGXFSZ,
            )


def _peak_bytes(usage: resource.struct_rusage) -> int:
    """The program's peak memory, if known: the kernel also counts the judge's size from before the exec."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage.ru_maxrss * 1024 if usage.ru_maxrss > own else 0


def _wait(process: subprocess.Popen, limits: Limits) -> tuple[bool, resource.struct_rusage, int]:
    """Wait for the process, then kill its whole session. Return (timed out, usage, exit status)."""
    timed_out = False
    deadline = time.monotonic() + limits.wall_seconds
    pidfd = os.pidfd_open(process.pid)
    try:
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        while not poller.poll(_LOOK_EVERY * 1000):
            if time.monotonic() > deadline or _cpu_seconds(process.pid) > limits.seconds:
                timed_out = True
                _kill_session(process.pid)
                poller.poll()
                break
    finally:
        os.close(pidfd)
    # The leader is a zombie: its process group can still be killed, and its process id is not reused yet.
    _kill_session(process.pid)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return timed_out, usage, process.returncode


def _cpu_seconds(pid: int) -> float:
    try:
        return kernel.cpu_seconds(pid)
    except OSError:
        return 0.0  # it has just ended


def _kill_session(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _restrict(limits: Limits) -> None:
    """Apply the limits in the child, before the program starts."""
    seconds = int(limits.seconds * 1.5) + 2  # a fallback in case the judge is gone
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes + STACK_ROOM, limits.memory_bytes + STACK_ROOM))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output_bytes + 1, limits.output_bytes + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    _prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
