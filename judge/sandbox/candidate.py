"""The process of one test, from fork to exit: it runs a Python program as `python program.py` would.

The program is executed some frames deep, where its process was forked. Returning from these frames would touch, and so
copy, much memory. `judge.sandbox.stack` hides them from the program.
"""

from __future__ import annotations

import builtins
import sys
from types import CodeType, ModuleType, TracebackType
from typing import NoReturn

from judge.calling import MODULE, FunctionCall
from judge.sandbox import ending
from judge.sandbox.stack import TopOfStack

# Programs that change these names must not affect this module.
__builtins__ = dict(builtins.__dict__)
_FRAMES_ABOVE = 2  # frames in a traceback before the program's own: `run` and the function that executes the code


class UntrustedProgram:
    """A program that is ready to run in forks of this process.

    Args:
        path: the value of `__file__`.
        stack: the stack of this thread.
        quiet: the program cannot notice when its objects are dropped, so they are not dropped.
        entry_point: the function that the tests call; empty for a program that reads and prints.
    """

    def __init__(self, code: CodeType, path: str, stack: TopOfStack, *, quiet: bool, entry_point: str = "") -> None:
        self._code = code
        self._stack = stack
        self._quiet = quiet
        main = ModuleType("__main__")
        self._names = main.__dict__
        self._names.update(__annotations__={}, __builtins__=builtins, __file__=path, __cached__=None)
        self._names["__loader__"] = sys.modules["_frozen_importlib_external"].SourceFileLoader("__main__", path)
        sys.modules["__main__"] = main
        self._call = FunctionCall(entry_point) if entry_point else None
        if entry_point:
            self._names["__name__"] = MODULE
            sys.modules[MODULE] = main
        self._library = [module for name, module in sys.modules.items() if name != "__main__"]
        sys.argv = [path]
        sys.orig_argv = [sys.executable, path]

    def run(self) -> NoReturn:
        """Run the program from its first line until the process exits."""
        names, self._names = self._names, {}
        try:
            try:
                if self._call is not None:
                    self._call.begin()
                self._stack.execute(self._code, names)
                if self._call is not None:
                    self._call.end(names)
            finally:
                ending.flush()
        except BaseException as fault:  # noqa: BLE001 - like the interpreter, report whatever ended the program
            status = _status_of(fault)
        else:
            status = 0
        del names  # from here on only modules refer to objects of the program
        ending.end(status, self._library, quiet=self._quiet)


def _status_of(fault: BaseException) -> int:
    """Report the exception that ended the program, as the interpreter does, and return the exit status."""
    if isinstance(fault, SystemExit):
        return _exit_status(fault)
    traceback = fault.__traceback__
    for _ in range(_FRAMES_ABOVE):
        traceback = traceback.tb_next if traceback is not None else None
    status = _report(fault, traceback)
    return ending.INTERRUPTED if type(fault) is KeyboardInterrupt else status


def _exit_status(fault: SystemExit) -> int:
    code = fault.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF if -(2**63) <= code < 2**63 else 0xFF
    ending.quietly(lambda: print(code, file=sys.stderr))
    return 1


def _report(fault: BaseException, traceback: TracebackType | None) -> int:
    fault = fault.with_traceback(traceback)
    sys.last_type, sys.last_value, sys.last_traceback = type(fault), fault, traceback
    if sys.version_info >= (3, 12):
        sys.last_exc = fault
    try:
        sys.excepthook(type(fault), fault, traceback)
    except SystemExit as leave:
        return _exit_status(leave)
    except BaseException:  # noqa: BLE001 - the program's own hook failed: the interpreter prints both and continues
        ending.quietly(lambda: sys.__excepthook__(type(fault), fault, traceback))
    return 1
