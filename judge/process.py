"""Run one program on one input as its own process, bounded by resource limits.

What this protects from: endless loops, memory and output floods, left-over children, and files written
next to the project (the program runs in an empty scratch directory with an empty environment).
What it does not protect from: reading files the user may read, and the network.
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
from dataclasses import dataclass
from pathlib import Path

from judge.verdict import JudgeError, Limits

ERROR_TAIL = 4000  # characters of standard error that are kept
MAX_PROCESSES = 64
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Run:
    """One finished run, before any comparison with an expected output."""

    output: str
    error: str
    exit_status: int  # as in `subprocess`: negative for a signal
    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int
    timed_out: bool
    output_exceeded: bool


def run_program(program: Path, stdin: str, limits: Limits) -> Run:
    """Run the Python file `program` with `stdin` on standard input, as `python program` would.

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
                    [sys.executable, "-I", "-B", str(program)],
                    stdin=source,
                    stdout=output,
                    stderr=error,
                    cwd=scratch,
                    env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"},
                    start_new_session=True,
                    preexec_fn=lambda: _restrict(limits),
                )
            except (OSError, subprocess.SubprocessError) as failure:
                raise JudgeError(f"cannot start a program: {failure}") from failure
            timed_out, usage, status = _wait(process, limits.wall_seconds)
            wall_seconds = time.monotonic() - begin
            written = os.fstat(output.fileno()).st_size
            output.seek(0)
            text = output.read(limits.output_bytes + 1).decode("utf-8", "replace")
            error.seek(max(0, os.fstat(error.fileno()).st_size - ERROR_TAIL))
            return Run(
                output=text[: limits.output_bytes],
                error=error.read(ERROR_TAIL).decode("utf-8", "replace"),
                exit_status=status,
                cpu_seconds=usage.ru_utime + usage.ru_stime,
                wall_seconds=wall_seconds,
                peak_bytes=usage.ru_maxrss * 1024,
                timed_out=timed_out or (status in (-signal.SIGXCPU, -signal.SIGKILL) and _cpu(usage) >= limits.seconds),
                output_exceeded=written > limits.output_bytes or status == -signal.SIGXFSZ,
            )


def _cpu(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def _wait(process: subprocess.Popen, wall_seconds: float) -> tuple[bool, resource.struct_rusage, int]:
    """Wait for the process, kill its whole session in the end, and return (timed out, usage, exit status)."""
    timed_out = False
    deadline = time.monotonic() + wall_seconds
    pidfd = os.pidfd_open(process.pid)
    try:
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
            timed_out = True
            _kill_session(process.pid)
            poller.poll()
    finally:
        os.close(pidfd)
    # The leader is a zombie now: its process group is still there to be killed, its number not yet given away.
    _kill_session(process.pid)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return timed_out, usage, process.returncode


def _kill_session(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _restrict(limits: Limits) -> None:
    """In the child, before the program: apply the limits."""
    seconds = max(1, int(limits.seconds + 1.0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes + 2**28,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output_bytes + 1,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY,) * 2)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_NPROC, (MAX_PROCESSES, MAX_PROCESSES))
