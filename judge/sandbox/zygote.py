"""The fork server: a process started by exec, one child process per program, and one grandchild per test.

    judge --exec--> zygote --fork--> program (compiled, its imports done) --fork--> one test

All are single-threaded up to the test. The zygote sets up its namespaces and guards once (`namespaces`, `guards`). The
program's process only compiles and imports library modules. The test's process enters the guards and becomes the
candidate. None of them knows the verdict or the expected output.
"""

from __future__ import annotations

import _socket
import gc
import os
import resource
import signal
import sys
from typing import NoReturn

from judge.sandbox import protocol
from judge.sandbox.candidate import UntrustedProgram
from judge.sandbox.ending import notices_its_end
from judge.sandbox.imports import import_beforehand, importable
from judge.sandbox.layers import kernel, namespaces
from judge.sandbox.layers.guards import MEMORY, NAMESPACES, THREAD_STACK, UID, Guards
from judge.sandbox.layers.memory import MemoryGroup, remove_group
from judge.sandbox.scratch import empty_directory
from judge.sandbox.stack import TopOfStack
from judge.sandbox.watch import JudgeGone, Watch

SETUP_FAILED = 97  # with a message in a pipe that the candidate does not have, so it cannot fake this
_ENDED = 113  # exit status of a program's process that ended on request; any other end is reported
_IMPORT_SECONDS, _COMPILE_BYTES = 20, 2 * 2**30
# Added to the limit of the memory cgroup: files in the scratch directory, and the kernel's memory for a process.
_GROUP_ROOM = namespaces.SCRATCH_BYTES + 32 * 2**20
_STANDARD_FILES = 3
_OUT_OF_THE_WAY = 64  # descriptors from this number on do not belong to the candidate
_LAST_DESCRIPTOR = 1 << 16
# Native libraries would start one thread per core, and the interpreter may have set a locale. These variables are for
# libraries only: the program's environment is empty.
_FOR_LIBRARIES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "LC_CTYPE")


def serve(number: int, wanted: list[str], identity: int, folder: str | None) -> NoReturn:
    """Serve the judge at the other end of socket `number` until it closes.

    Args:
        wanted: the layers of protection to use if available.
        identity: a number that no other living zygote on this machine has.
        folder: the folder of the memory cgroup to use, if there is one.
    """
    channel = _socket.socket(fileno=number)
    kernel.keep_threads_small(THREAD_STACK)
    libraries = namespaces.library_paths()
    group = _group(folder) if MEMORY in wanted and folder is not None else None
    inside = False
    if NAMESPACES in wanted:
        inside = _enter_world(channel, libraries, folder)
    try:
        if group is not None:
            group.join()
        guards = Guards(
            wanted,
            identity,
            in_namespaces=inside,
            readable=libraries,
            writable=[namespaces.SCRATCH, namespaces.PROGRAM] if inside else [],
            group=group,
        )
    except OSError as fault:
        _give_up(channel, f"the guards: {fault}")
        raise
    stack = TopOfStack()
    stack.find()
    channel.send(protocol.READY + protocol.text(",".join(guards.held)))
    gc.collect()
    gc.freeze()  # otherwise each program's garbage collection would touch, and so copy, every object here
    while True:
        kind, body, files = protocol.receive(channel)
        if not kind:
            if group is not None and not inside:
                group.leave()
            os._exit(0)
        if kind == protocol.LOAD:
            child = os.fork()
            if child == 0:
                kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
                try:
                    _serve_program(channel, guards, stack, files[0], protocol.unpack_load(body), in_world=inside)
                except BaseException as fault:  # noqa: BLE001 - this process must not continue as a zygote
                    sys.excepthook(type(fault), fault, fault.__traceback__)
                os._exit(1)  # a status that differs from an end on request
            _, status = os.waitpid(child, 0)
            if not (os.WIFEXITED(status) and os.WEXITSTATUS(status) == _ENDED):
                channel.send(protocol.DIED + protocol.text(str(os.waitstatus_to_exitcode(status))))
        for file in files:
            os.close(file)


def _group(folder: str) -> MemoryGroup | None:
    """The memory cgroup in `folder`, or None if it cannot be used."""
    try:
        return MemoryGroup(folder)
    except OSError:
        return None


def _enter_world(channel: _socket.socket, libraries: list[str], folder: str | None) -> bool:
    """Enter new namespaces. Return False if the kernel offers none. The process outside removes the cgroup."""
    try:
        child = namespaces.enter_and_fork()
    except OSError:
        return False
    if child:
        channel.close()
        os.waitpid(child, 0)
        if folder is not None:
            remove_group(folder)
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


def _serve_program(
    channel: _socket.socket, guards: Guards, stack: TopOfStack, source: int, request: protocol.Load, *, in_world: bool
) -> NoReturn:
    """Compile a program and run it on each request."""
    group = guards.group
    if group is not None:
        group.bound(None)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    rank = os.open("/proc/self/oom_score_adj", os.O_RDWR | os.O_CLOEXEC)
    usual = os.pread(rank, 9, 0)
    guards.enter_program()
    nowhere = os.open("/dev/null", os.O_RDWR)
    os.dup2(nowhere, 2)  # hides warnings of the compiler
    text = os.pread(source, os.fstat(source).st_size, 0)
    os.close(source)
    os.close(nowhere)
    path = protocol.PROGRAM_NAME
    if in_world and UID in guards.held:
        # So that tracebacks show source lines. A candidate with the same user id could put modules next to the file.
        path = namespaces.PROGRAM_FILE
        with open(path, "wb") as file:
            file.write(text)
        sys.path.insert(0, namespaces.PROGRAM)
    _bound(resource.RLIMIT_CPU, request.cpu_seconds)
    _bound(resource.RLIMIT_AS, _COMPILE_BYTES)
    try:
        code = compile(text, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as fault:
        channel.send(protocol.LOADED + protocol.text(_in_one_line(fault)))
        os._exit(_ENDED)
    for name in [name for name in sys.modules if name.partition(".")[0] in ("judge", "ctypes", "_ctypes")]:
        del sys.modules[name]  # before the program's own imports, which may include ctypes
    kept = {name: os.environ[name] for name in _FOR_LIBRARIES if name in os.environ}
    os.environ.clear()
    for name, value in kept.items():
        os.putenv(name, value)
    _bound(resource.RLIMIT_CPU, request.cpu_seconds + _IMPORT_SECONDS)
    wanted = importable(code) if request.imports else []
    if wanted:
        channel.send(protocol.COMPILED)
        import_beforehand(wanted)
    if "linecache" in sys.modules and not os.path.isabs(path):  # the only place where readers find the source
        lines = text.decode("utf-8", "replace").splitlines(keepends=True)
        sys.modules["linecache"].cache[path] = (len(text), None, lines, path)
    _bound(resource.RLIMIT_CPU, None)
    _bound(resource.RLIMIT_AS, None)
    quiet = not notices_its_end(code)
    left_behind = []  # directories where a candidate may leave files
    if in_world:  # without its own user id it may even write to the directory of its source
        left_behind = [namespaces.SCRATCH] if UID in guards.held else [namespaces.PROGRAM, namespaces.SCRATCH]
    faults, low_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    fault_end = _out_of_the_way(low_end)
    os.close(low_end)
    watch = Watch(channel.fileno(), sweep=not guards.forks_blocked, group=group)
    used = group.used() if group is not None else 0
    gc.collect()
    gc.freeze()  # otherwise garbage collection in a test's process would touch, and so copy, every object here
    candidate = UntrustedProgram(  # its objects belong to the test and are collected
        code, path, stack, quiet=quiet, entry_point=request.entry_point
    )
    channel.send(protocol.LOADED)
    while True:
        kind, body, files = protocol.receive(channel)
        if kind != protocol.RUN:
            os._exit(_ENDED)
        run = protocol.unpack_run(body)
        if group is not None:
            group.bound(used + run.memory_bytes + 2 * run.output_bytes + _GROUP_ROOM)
        os.pwrite(rank, b"1000", 0)  # inherited: if memory runs out, the kernel kills the candidate
        child = os.fork()
        if child == 0:
            _become_candidate(guards, run, files, fault_end)
            candidate.run()
        os.pwrite(rank, usual, 0)
        for file in files:
            os.close(file)
        try:
            done = watch.until_end(child, run)
        except JudgeGone:
            os._exit(_ENDED)
        if os.WIFEXITED(done.status) and os.WEXITSTATUS(done.status) == SETUP_FAILED:
            words = _words(faults)
            if words:
                channel.send(protocol.FAULT + words)
                continue
        for directory in left_behind:
            empty_directory(directory)
        channel.send(done.pack())


def _become_candidate(guards: Guards, request: protocol.Run, files: list[int], fault_end: int) -> None:
    """In a new fork: keep only the three standard files and the argument files, then enter the guards."""
    try:
        if len(files) > _STANDARD_FILES:
            files = [*map(_out_of_the_way, files)]
            sys.argv += [f"/proc/self/fd/{place}" for place in range(_STANDARD_FILES, len(files))]
        for place, file in enumerate(files):
            os.dup2(file, place)
        os.closerange(len(files), fault_end)
        os.closerange(fault_end + 1, _LAST_DESCRIPTOR)
        guards.enter(request.cpu_seconds, request.memory_bytes, request.output_bytes, executes=request.executes)
        os.close(fault_end)
    except (OSError, ValueError) as fault:
        os.write(fault_end, protocol.text(f"{type(fault).__name__}: {fault}"))
        os._exit(SETUP_FAILED)


def _out_of_the_way(file: int) -> int:
    """A copy of a descriptor above the candidate's numbers. Importing `fcntl` would add memory that forks copy."""
    number = _OUT_OF_THE_WAY
    while True:
        try:
            os.fstat(number)
        except OSError:
            return os.dup2(file, number, inheritable=False)
        number += 1


def _words(faults: int) -> bytes:
    try:
        return os.read(faults, protocol.MAX_TEXT)
    except BlockingIOError:
        return b""


def _bound(which: int, value: int | None) -> None:
    """Set the soft limit, or remove it with None; at most to the hard limit that the process has inherited."""
    _, hard = resource.getrlimit(which)
    lower = value is not None and (hard == resource.RLIM_INFINITY or value < hard)
    resource.setrlimit(which, (value if lower and value is not None else hard, hard))


def _in_one_line(fault: BaseException) -> str:
    line = getattr(fault, "lineno", None)
    return f"{type(fault).__name__}: {getattr(fault, 'msg', fault)}" + (f" (line {line})" if line else "")
