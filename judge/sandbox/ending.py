"""Ends the process of a test as an interpreter ends: threads, `atexit`, flushes, finalizers.

The interpreter itself is not shut down: that would take longer than most tests. This module does only what a program
can notice, in the interpreter's own order. The rest disappears with the process.
"""

from __future__ import annotations

import atexit
import builtins
import ctypes
import sys
from collections.abc import Callable, Sequence
from gc import callbacks, collect, get_objects, isenabled
from itertools import islice
from os import _exit, getpid, kill
from signal import NSIG, SIG_DFL, SIGINT, getsignal
from signal import signal as set_handler
from types import CodeType, FunctionType, ModuleType
from typing import NoReturn

from judge.sandbox.imports import codes_in, imported_names

# Programs that change these names, or functions of the library, must not affect this module.
__builtins__ = dict(builtins.__dict__)
FLUSH_FAILED = 120  # the interpreter's exit status when standard output cannot be flushed
INTERRUPTED = -SIGINT  # an uncaught `KeyboardInterrupt`: the interpreter ends itself by the signal
_STANDARD = ("stdin", "stdout", "stderr")
# Objects of these modules have no finalizers, except those listed below.
_WITHOUT_FINALISERS = {
    *("sys", "os", "io", "math", "cmath", "collections", "collections.abc", "heapq", "bisect", "itertools"),
    *("operator", "string", "re", "random", "time", "datetime", "copy", "array", "decimal", "fractions", "statistics"),
    *("typing", "types", "dataclasses", "enum", "abc", "numbers", "threading", "queue", "textwrap", "calendar"),
    *("contextlib", "graphlib", "pprint", "secrets", "resource", "signal", "traceback", "inspect", "platform", "errno"),
    *("__future__", "functools", "numpy", "sortedcontainers", "timeit", "struct", "hashlib", "zlib", "json"),
}
_FINALISING = {
    *("__del__", "popen", "exec", "compile", "__import__", "modules", "detach"),
    *("IOBase", "RawIOBase", "BufferedIOBase", "TextIOBase", "FileIO", "TextIOWrapper", "memmap"),
    *("BufferedWriter", "BufferedRandom", "BufferedRWPair"),
}
_OPENING = {"open", "fdopen"}
_MODES, _WRITING = set("rwaxbtU+"), set("wax+")
_GENERATORS = 0x20 | 0x80 | 0x200  # flags of code: generators, coroutines, asynchronous generators
# Names in `sys` that the interpreter clears before the modules.
_FORGOTTEN = (
    *("path", "argv", "ps1", "ps2", "last_type", "last_value", "last_traceback", "last_exc"),
    *("path_hooks", "path_importer_cache", "meta_path", "__interactivehook__"),
)
# Built-in names that exist again while the modules are dropped.
_LATER = {"open", "exit", "quit", "copyright", "credits", "license", "help"}
_builtins = {name: value for name, value in builtins.__dict__.items() if name not in _LATER}
_libc = ctypes.CDLL(None)


def notices_its_end(code: CodeType) -> bool:
    """Whether a program might react when its objects are dropped: finalizers, callbacks, flushing a file, the `finally`
    of a generator. True in case of doubt."""
    from opcode import opmap

    if not _WITHOUT_FINALISERS.issuperset(imported_names(code)):
        return True
    codes = list(codes_in(code))
    for each in codes:
        if not _OPENING.isdisjoint(each.co_names) and any(
            _is_mode(text) for other in codes for text in other.co_consts
        ):
            return True
        if not _FINALISING.isdisjoint(each.co_names) or not _FINALISING.isdisjoint(each.co_consts):
            return True
        if each.co_flags & _GENERATORS and opmap["PUSH_EXC_INFO"] in each.co_code[::2]:
            return True
    return False


def _is_mode(text: object) -> bool:
    """Whether a constant may be the mode of a file opened for writing."""
    return isinstance(text, str) and _MODES.issuperset(text) and not _WRITING.isdisjoint(text)


def end(status: int, library: Sequence[ModuleType], *, quiet: bool) -> NoReturn:
    """End the process. Callers must refer to objects of the program only through its modules.

    Args:
        status: the exit status.
        library: the modules that were loaded before the program, in order.
        quiet: nothing notices that objects are dropped, so they are not dropped.
    """
    try:
        threading = sys.modules.get("threading")
        if threading is not None:
            quietly(threading._shutdown)
        quietly(atexit._run_exitfuncs)
        if not flush():
            status = FLUSH_FAILED
        originals = [getattr(sys, f"__{name}__", None) for name in _STANDARD]
        if not quiet:
            if isenabled():
                collect()  # while the modules still exist
            for name, original in zip(_STANDARD, originals, strict=True):
                setattr(sys, name, original)
            quietly(lambda: _drop_modules(library))
            _libc.fflush(None)
        for original in originals:
            _flush(original)  # the interpreter drops them last and ignores errors
        if status == INTERRUPTED:
            set_handler(SIGINT, SIG_DFL)
            kill(getpid(), SIGINT)
    finally:
        _exit(status & 0xFF)


def flush() -> bool:
    """Flush standard output and standard error. Return False if one of them fails."""
    return _flush(getattr(sys, "stdout", None)) & _flush(getattr(sys, "stderr", None))


def quietly(action: Callable[[], object]) -> None:
    """Call `action`. An exception comes from the program and, this late, is only printed."""
    try:
        action()
    except SystemExit:
        return
    except BaseException as fault:  # noqa: BLE001 - see above
        try:
            sys.__excepthook__(type(fault), fault, fault.__traceback__)
        except BaseException:  # noqa: BLE001 - standard error itself is gone
            return


def _flush(stream: object) -> bool:
    """Flush a stream, which may be an object of the program. Return False on failure. A closed stream is skipped."""
    if stream is None:
        return True
    try:
        closed = bool(stream.closed)  # type: ignore[attr-defined]
    except BaseException:  # noqa: BLE001 - like the interpreter, treat it as open
        closed = False
    try:
        if not closed:
            stream.flush()  # type: ignore[attr-defined]
    except BaseException:  # noqa: BLE001 - the interpreter accepts any failure here
        return False
    return True


def _drop_modules(library: Sequence[ModuleType]) -> None:
    """Drop the program's module and its objects in other modules: files are flushed, finalizers and callbacks run.

    Functions of the program keep their globals until nothing can call them any more.
    """
    for name in _FORGOTTEN:
        if hasattr(sys, name):
            setattr(sys, name, None)
    late = islice(sys.modules.values(), len(library), None)  # imported by the program
    modules = [module for module in late if isinstance(module, ModuleType) and _is_library(module)]
    sys.modules.clear()
    names = builtins.__dict__
    names.update(_builtins)
    for name in [name for name in names if name not in _builtins]:
        del names[name]
    callbacks.clear()
    collect()
    if not any(map(_is_the_programs, get_objects())):
        return
    found = [_leave_nothing_in(module) for module in (*library, *modules) if module is not sys]
    for number in range(1, NSIG):
        if _is_the_programs(getsignal(number)):
            set_handler(number, SIG_DFL)
            found.append(True)
    if any(found):
        collect()
    for name in _STANDARD:
        setattr(sys, name, None)
    if _leave_nothing_in(sys):
        collect()


def _is_library(module: ModuleType) -> bool:
    """Whether a module belongs to the library. Modules that the program made, or keeps next to it, do not."""
    name, file = module.__name__, getattr(module, "__file__", None)
    return name.partition(".")[0] in sys.stdlib_module_names or (file is not None and "-packages/" in file)


def _leave_nothing_in(module: ModuleType) -> bool:
    """Remove the program's objects from a library module. Return whether there were any."""
    names = module.__dict__
    found = [name for name, value in list(names.items()) if _is_the_programs(value)]
    for name in found:
        names[name] = None
    return bool(found)


def _is_the_programs(value: object) -> bool:
    if isinstance(value, FunctionType):
        return value.__globals__.get("__name__") == "__main__"
    kind = value if isinstance(value, type) else type(value)
    return kind.__module__ == "__main__" or (kind.__module__ == "_io" and _is_a_late_file(value))


def _is_a_late_file(value: object) -> bool:
    return hasattr(value, "flush") and value not in [getattr(sys, f"__{name}__", None) for name in _STANDARD]
