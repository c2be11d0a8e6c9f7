"""The fork server: a process started by exec, a child of it per program, and a child of that per test.

    judge --exec--> zygote --fork--> program (compiled, its imports done) --fork--> one test

All are single-threaded up to the test. The zygote sets up its world once (`namespaces`, `guards`); the
program's process only ever compiles and imports library modules; the test's process puts on the guards and becomes
the candidate. Verdict and expected output are not known to any of them.
"""

from __future__ import annotations

import _socket
import gc
import os
import resource
import signal
import sys
from typing import NoReturn

from judge.sandbox import kernel, namespaces, protocol
from judge.sandbox.candidate import UntrustedProgram
from judge.sandbox.guards import NAMESPACES, UID, Guards
from judge.sandbox.imports import import_beforehand
from judge.sandbox.scratch import empty_directory
from judge.sandbox.watch import JudgeGone, Watch

SETUP_FAILED = 97  # with words in the pipe that the candidate does not have, so no candidate can feign it
_COMPILE_SECONDS, _COMPILE_BYTES = 20, 2 * 2**30
_FIRST_FREE = 3
_LAST_DESCRIPTOR = 1 << 16
_NAME = "program.py"
THREAD_STACK = 8 * 2**20  # what threads get that do not ask: the usual, though this process's own stack is larger


def serve(number: int, wanted: list[str], identity: int) -> NoReturn:
    """Serve the judge at the other end of socket `number` until it goes."""
    import _thread

    channel = _socket.socket(fileno=number)
    _thread.stack_size(THREAD_STACK)
    libraries = namespaces.library_paths()
    inside = False
    if NAMESPACES in wanted:
        inside = _enter_world(channel, libraries)
    try:
        guards = Guards(
            wanted,
            identity,
            in_namespaces=inside,
            readable=libraries,
            writable=[namespaces.SCRATCH, namespaces.PROGRAM] if inside else [],
        )
    except OSError as fault:
        _give_up(channel, f"the guards: {fault}")
        raise
    channel.send(protocol.READY + protocol.text(",".join(guards.held)))
    gc.collect()
    gc.freeze()  # else the collection for each program would touch, and so copy, every object there is
    while True:
        kind, _, files = protocol.receive(channel)
        if not kind:
            os._exit(0)
        if kind == protocol.LOAD:
            child = os.fork()
            if child == 0:
                kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
                _serve_program(channel, guards, files[0], in_world=inside)
            _, status = os.waitpid(child, 0)
            if status:
                channel.send(protocol.DIED + protocol.text(str(os.waitstatus_to_exitcode(status))))
        for file in files:
            os.close(file)


def _enter_world(channel: _socket.socket, libraries: list[str]) -> bool:
    """Move into namespaces. False where the kernel offers none."""
    try:
        child = namespaces.enter_and_fork()
    except OSError:
        return False
    if child:
        channel.close()
        os.waitpid(child, 0)
        os._exit(0)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        namespaces.build_root(libraries)
    except OSError as fault:
        _give_up(channel, f"{NAMESPACES}: {fault}")
    return True


def _give_up(channel: _socket.socket, why: str) -> NoReturn:
    channel.send(protocol.FAULT + protocol.text(why))
    os._exit(1)


def _serve_program(channel: _socket.socket, guards: Guards, source: int, *, in_world: bool) -> NoReturn:
    """Compile a program and run it on whatever comes."""
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    nowhere = os.open("/dev/null", os.O_RDWR)
    os.dup2(nowhere, 2)  # warnings of the compiler's
    text = os.pread(source, os.fstat(source).st_size, 0)
    os.close(source)
    os.close(nowhere)
    path = _NAME
    if in_world and UID in guards.held:
        # For tracebacks to show the lines. A candidate of the same user could plant modules beside it.
        path = f"{namespaces.PROGRAM}/{_NAME}"
        with open(path, "wb") as file:
            file.write(text)
        sys.path.insert(0, namespaces.PROGRAM)
    _bound(resource.RLIMIT_CPU, _COMPILE_SECONDS)
    _bound(resource.RLIMIT_AS, _COMPILE_BYTES)
    try:
        code = compile(text, _NAME, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as fault:
        channel.send(protocol.LOADED + protocol.text(_in_one_line(fault)))
        os._exit(0)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("judge", "ctypes", "_ctypes")]:
        del sys.modules[name]  # before the program's own imports, of which ctypes may be one
    import_beforehand(code)
    _bound(resource.RLIMIT_CPU, None)
    _bound(resource.RLIMIT_AS, None)
    os.environ.clear()
    candidate = UntrustedProgram(code, path)
    left_behind = []  # directories in which a candidate may leave files
    if in_world:  # without a user of its own it may even write where its source would lie
        left_behind = [namespaces.SCRATCH] if UID in guards.held else [namespaces.PROGRAM, namespaces.SCRATCH]
    faults, fault_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    watch = Watch(channel.fileno(), sweep=not guards.forks_blocked)
    gc.collect()
    gc.freeze()  # else a collection in a test's process would touch, and so copy, every object there is
    channel.send(protocol.LOADED)
    while True:
        kind, body, files = protocol.receive(channel)
        if kind != protocol.RUN:
            os._exit(0)
        request = protocol.unpack_run(body)
        child = os.fork()
        if child == 0:
            _become_candidate(guards, request, files, fault_end)
            candidate.run()
        for file in files:
            os.close(file)
        try:
            done = watch.until_end(child, request)
        except JudgeGone:
            os._exit(0)
        if os.WIFEXITED(done.status) and os.WEXITSTATUS(done.status) == SETUP_FAILED:
            words = _words(faults)
            if words:
                channel.send(protocol.FAULT + words)
                continue
        for directory in left_behind:
            empty_directory(directory)
        channel.send(done.pack())


def _become_candidate(guards: Guards, request: protocol.Run, files: list[int], fault_end: int) -> None:
    """In a fresh fork: keep nothing but the three standard files, and put on the guards."""
    try:
        for standard, file in enumerate(files):
            os.dup2(file, standard)
        os.closerange(_FIRST_FREE, fault_end)
        os.closerange(fault_end + 1, _LAST_DESCRIPTOR)
        guards.enter(request.cpu_seconds, request.memory_bytes, request.output_bytes)
        os.close(fault_end)
    except (OSError, ValueError) as fault:
        os.write(fault_end, protocol.text(f"{type(fault).__name__}: {fault}"))
        os._exit(SETUP_FAILED)


def _words(faults: int) -> bytes:
    try:
        return os.read(faults, protocol.MAX_TEXT)
    except BlockingIOError:
        return b""


def _bound(which: int, value: int | None) -> None:
    """Set the soft limit, or lift it with None."""
    _, hard = resource.getrlimit(which)
    resource.setrlimit(which, (hard if value is None else value, hard))


def _in_one_line(fault: BaseException) -> str:
    line = getattr(fault, "lineno", None)
    return f"{type(fault).__name__}: {getattr(fault, 'msg', fault)}" + (f" (line {line})" if line else "")
