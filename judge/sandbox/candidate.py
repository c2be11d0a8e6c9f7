"""One test's process, from its fork to its exit: a Python program run as `python program.py` would run it.

The program is executed where its process was forked, some frames deep, because returning from those would touch, and
so copy, much memory; the recursion limit makes up for them.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from types import CodeType, ModuleType, TracebackType
from typing import NoReturn

FLUSH_FAILED = 120  # what the interpreter exits with when standard output cannot be flushed


class UntrustedProgram:
    """The program of one test, in its own process."""

    def __init__(self, code: CodeType, path: str) -> None:
        self._code = code
        self._path = path
        self._main = ModuleType("__main__")

    def run(self) -> NoReturn:
        """Run the program from its first line to the end of the process."""
        names = self._begin()
        try:
            exec(self._code, names)
        except BaseException as fault:  # noqa: BLE001 - as the interpreter does: whatever ends the program is reported
            status = _status_of(fault)
        else:
            status = 0
        self._finish(status)

    def _begin(self) -> dict[str, object]:
        """Make the interpreter look freshly started, and return the program's global names."""
        names = self._main.__dict__
        names.update(__file__=self._path, __builtins__=sys.modules["builtins"], __annotations__={}, __cached__=None)
        sys.modules["__main__"] = self._main
        sys.argv = [self._path]
        return names

    def _finish(self, status: int) -> NoReturn:
        """End the process as the interpreter would: threads, `atexit`, flushes, finalisers."""
        threading = sys.modules.get("threading")
        if threading is not None:
            _quietly(threading._shutdown)
        _quietly(atexit._run_exitfuncs)
        flushed = _flush_all()
        # The interpreter drops the modules now, and with them what they hold: files are flushed, `__del__` is called.
        sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__
        del sys.modules["__main__"]
        names = self._main.__dict__
        for name in [name for name in names if name.startswith("_") and name != "__builtins__"]:
            names[name] = None
        for name in [name for name in names if name != "__builtins__"]:
            names[name] = None
        gc.collect()
        flushed = _flush_all() and flushed
        os._exit(status & 0xFF if flushed else FLUSH_FAILED)


def _status_of(fault: BaseException) -> int:
    """Report the exception that ended the program as the interpreter does, and return the exit status."""
    if isinstance(fault, SystemExit):
        return _exit_status(fault)
    # The first frame is not the program's.
    status = _report(fault, fault.__traceback__.tb_next if fault.__traceback__ else None)
    return 130 if isinstance(fault, KeyboardInterrupt) else status


def _exit_status(fault: SystemExit) -> int:
    code = fault.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF if -(2**63) <= code < 2**63 else 0xFF
    _quietly(lambda: print(code, file=sys.stderr))
    return 1


def _report(fault: BaseException, traceback: TracebackType | None) -> int:
    try:
        sys.excepthook(type(fault), fault.with_traceback(traceback), traceback)
    except SystemExit as leave:
        return _exit_status(leave)
    except BaseException:  # noqa: BLE001 - a broken hook of the program's: the interpreter prints both and goes on
        _quietly(lambda: sys.__excepthook__(type(fault), fault, traceback))
    return 1


def _quietly(action) -> None:
    """Call `action`; what it raises is the program's own doing and, this late, only ever printed."""
    try:
        action()
    except SystemExit:
        return
    except BaseException as fault:  # noqa: BLE001 - see above
        try:
            sys.__excepthook__(type(fault), fault, fault.__traceback__)
        except BaseException:  # noqa: BLE001 - standard error itself is gone
            return


def _flush_all() -> bool:
    """Flush standard output and error; False when either cannot be."""
    good = True
    for stream in (sys.stdout, sys.stderr):
        if stream is None or getattr(stream, "closed", False):
            continue
        try:
            stream.flush()
        except BaseException:  # noqa: BLE001 - the stream may be the program's own; the interpreter takes any failure
            good = False
    return good
