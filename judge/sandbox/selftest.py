"""Start a zygote with as much protection as there is here, and try whether the protection holds."""

from __future__ import annotations

import os
from collections.abc import Sequence

from judge.sandbox import protocol
from judge.sandbox.guards import LANDLOCK, LAYERS, NAMESPACES, SECCOMP, UID
from judge.sandbox.worker import ProgramDied, Refused, Worker, WorkerLost

# Prints a word for each thing that it could do. Every word but those of missing layers is a layer that does not hold.
_PROBE = b"""
import fcntl, os, socket
def attempt(word, action):
    try:
        action()
    except OSError:
        return
    print(word)
def fork():
    if os.fork() == 0:
        os._exit(0)
    os.wait()
attempt("read", lambda: open("/etc/passwd").close())
attempt("write", lambda: open("/var/tmp/judge-probe", "x").close() or os.unlink("/var/tmp/judge-probe"))
attempt("fork", fork)
attempt("socket", lambda: socket.socket().close())
attempt("root", lambda: os.setgroups([]))
attempt("init", lambda: os.kill(1, 0))
attempt("owner", lambda: fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid()))
"""
_FORBIDDEN = {
    NAMESPACES: {"read", "write", "root"},
    UID: {"root", "init"},
    LANDLOCK: {"read", "write"},
    SECCOMP: {"fork", "socket", "root", "init", "owner"},
}
_REQUEST = protocol.Run(5.0, 30.0, 256 * 2**20, 2**20)


def start(wanted: Sequence[str] = LAYERS) -> tuple[Worker, list[str]]:
    """A zygote with those layers of `wanted` that can be had here, and their names, each tried out.

    Where it does not start, or cannot run a program, it is tried without the layers that change most.

    Raises:
        WorkerLost, Refused: no zygote can be started, or none runs a program.
    """
    faults = []
    for without in ((), (NAMESPACES,), (SECCOMP,), (NAMESPACES, SECCOMP)):
        if not set(without) <= set(wanted):
            continue
        try:
            return _start([name for name in wanted if name not in without])
        except (Refused, WorkerLost) as fault:
            faults.append(fault)
    raise faults[0]


def _start(layers: Sequence[str]) -> tuple[Worker, list[str]]:
    worker = Worker(layers)
    try:
        could = _try_out(worker)
    except BaseException:
        worker.kill()
        raise
    return worker, [name for name in worker.layers if not could & _FORBIDDEN[name]]


def is_full(layers: Sequence[str]) -> bool:
    """Whether the layers together keep all of the promises of `judge.sandbox.pool`."""
    return SECCOMP in layers and (LANDLOCK in layers or NAMESPACES in layers)


def _try_out(worker: Worker) -> set[str]:
    source, given, printed, errors = (os.memfd_create(name) for name in ("source", "in", "out", "err"))
    try:
        os.write(source, _PROBE)
        fault = worker.load(source)
        if fault is not None:
            raise Refused(f"the self-test does not compile: {fault}")
        done = worker.run([given, printed, errors], _REQUEST)
        worker.end()
        if done.status != 0:
            said = os.pread(errors, 2000, 0).decode("utf-8", "replace")
            raise Refused(f"the self-test ended with wait status {done.status}: {said}")
        return set(os.pread(printed, 2000, 0).decode().split())
    except ProgramDied as death:
        raise Refused(f"the compiler of the self-test ended with status {death}") from death
    finally:
        for file in (source, given, printed, errors):
            os.close(file)
