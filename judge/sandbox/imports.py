"""Imports, once per program, the modules that each of its tests would import."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from types import CodeType

_IMPORT_NAME, _EXTENDED_ARG = "IMPORT_NAME", "EXTENDED_ARG"
# Modules with visible effects on import, and modules that a contest program does not need.
_NOT_BEFOREHAND = {
    *("antigravity", "this", "__hello__", "__phello__", "__main__", "idlelib", "turtle", "turtledemo", "tkinter"),
    *("lib2to3", "test", "ensurepip", "venv", "pip", "webbrowser", "readline", "rlcompleter", "pdb", "site"),
    *("multiprocessing", "_aix_support", "sitecustomize", "usercustomize"),
}
_NEVER = {"__main__", "test", "tests", "idle_test"}  # modules of these names run code on import, in any package
_OTHERS = {"numpy", "scipy", "pandas", "sortedcontainers"}


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """`code` and all code objects nested in it."""
    waiting = [code]
    while waiting:
        current = waiting.pop()
        waiting += [constant for constant in current.co_consts if isinstance(constant, CodeType)]
        yield current


def imported_names(code: CodeType) -> Iterator[str]:
    """The names of the modules in import statements of `code` and of all code nested in it."""
    from opcode import opmap

    import_name, extended = opmap[_IMPORT_NAME], opmap[_EXTENDED_ARG]
    for current in codes_in(code):
        argument = 0
        steps = current.co_code
        for place in range(0, len(steps), 2):
            argument |= steps[place + 1]
            if steps[place] == extended:
                argument <<= 8
                continue
            if steps[place] == import_name:
                yield current.co_names[argument]
            argument = 0


def importable(code: CodeType) -> list[str]:
    """The library modules that `code` imports, that are not loaded yet and that can be imported in advance."""
    found = []
    for name in dict.fromkeys(imported_names(code)):
        top = name.partition(".")[0]
        known = top in sys.stdlib_module_names or top in _OTHERS
        if known and top not in _NOT_BEFOREHAND and name not in sys.modules and not _NEVER & set(name.split(".")):
            found.append(name)
    return found


def import_beforehand(names: list[str]) -> None:
    """Import these modules. A module that fails to import is skipped: the program will get the error itself.

    Raises:
        RuntimeError: an import started threads, which forks of this process would not have.
    """
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException:  # noqa: BLE001 - the program will get the same error in its own test
            continue
    if not _OTHERS.isdisjoint(sys.modules) and len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError("an import has started threads")
