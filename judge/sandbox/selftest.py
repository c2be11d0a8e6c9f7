"""Starts a zygote with all available protection, and tests whether the protection works."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from judge.sandbox import protocol
from judge.sandbox.layers.guards import LANDLOCK, LAYERS, MEMORY, NAMESPACES, SECCOMP, UID
from judge.sandbox.worker import ProgramDied, Refused, Worker, WorkerLost

# Prints one word per action that succeeded. Each word stands for a layer that is missing or does not work.
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
attempt("mode", lambda: os.chmod("/dev/null", 0o666))
attempt("time", lambda: os.utime("/dev/null"))
attempt("cut", lambda: os.close(os.open("/dev/null", os.O_RDONLY | os.O_TRUNC)))
def datagram():
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        one.sendto(b"", "/judge/nobody")
    except PermissionError:
        raise
    except OSError:
        pass
attempt("datagram", datagram)
"""
_FORBIDDEN = {
    NAMESPACES: {"read", "write", "root"},
    UID: {"root", "init"},
    LANDLOCK: {"read", "write"},
    SECCOMP: {"fork", "socket", "root", "init", "owner", "mode", "time", "cut", "datagram"},
    MEMORY: set(),
}
_LOAD = protocol.Load(20, imports=True)
_TRIES, _PAUSE_SECONDS = 4, 0.1
_REQUEST = protocol.Run(5.0, 30.0, 256 * 2**20, 2**20)


def start(
    wanted: Sequence[str] = LAYERS, acceptable: Callable[[Sequence[str]], bool] = lambda _: True
) -> tuple[Worker, list[str]]:
    """Start a zygote with the layers of `wanted` that are available here. Return it and the names of the layers that
    passed the test.

    A failed start is retried, because a machine may be short of processes or memory for a moment. If the zygote still
    does not start, or cannot run a program, it is started without the layers that change most.

    Args:
        acceptable: whether a set of layers is enough.

    Raises:
        WorkerLost, Refused: no zygote can be started, or none can run a program, or the layers are not enough.
    """
    fault: Refused | WorkerLost | None = None
    for without in ((), (NAMESPACES,), (SECCOMP,), (NAMESPACES, SECCOMP)):
        layers = [name for name in wanted if name not in without]
        if not set(without) <= set(wanted) or not acceptable(layers):
            continue
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(_PAUSE_SECONDS * attempt)
            try:
                worker, working = _start(layers)
            except (Refused, WorkerLost) as raised:
                fault = fault or raised
                continue
            missing = not set(layers) <= set(working)
            if acceptable(working) and (attempt or not missing):
                return worker, working
            worker.kill()  # a layer is missing; if it is missing again, it is not available
            fault = fault or Refused(f"only {name_of(working)!r} is available here")
    raise fault or Refused(f"{name_of(wanted)!r} is not enough")


def name_of(layers: Sequence[str]) -> str:
    """The name in reports: "fork" and the working layers."""
    return "+".join(["fork", *layers])


def _start(layers: Sequence[str]) -> tuple[Worker, list[str]]:
    worker = Worker(layers)
    try:
        could = _try_out(worker)
    except BaseException:
        worker.kill()
        raise
    return worker, [name for name in worker.layers if not could & _FORBIDDEN[name]]


def is_full(layers: Sequence[str]) -> bool:
    """Whether the layers together enforce all restrictions listed in `judge.sandbox.pool`."""
    return SECCOMP in layers and (LANDLOCK in layers or NAMESPACES in layers)


def _try_out(worker: Worker) -> set[str]:
    source, given, printed, errors = (os.memfd_create(name) for name in ("source", "in", "out", "err"))
    try:
        os.write(source, _PROBE)
        fault = worker.load(source, _LOAD)
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
