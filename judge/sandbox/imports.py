"""Import beforehand, once per program, what every one of its tests would import."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from types import CodeType

_IMPORT_NAME, _EXTENDED_ARG = "IMPORT_NAME", "EXTENDED_ARG"
# Modules that do something visible when they are imported, or are no business of a contest program.
_NOT_BEFOREHAND = {
    *("antigravity", "this", "__hello__", "__phello__", "__main__", "idlelib", "turtle", "turtledemo", "tkinter"),
    *("lib2to3", "test", "ensurepip", "venv", "pip", "webbrowser", "readline", "rlcompleter", "pdb", "site"),
    *("multiprocessing", "_aix_support", "sitecustomize", "usercustomize"),
}
_NEVER = {"__main__", "test", "tests", "idle_test"}  # wherever in a package: they run
_OTHERS = {"numpy", "scipy", "pandas", "sortedcontainers"}


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """`code` and all that is nested in it."""
    waiting = [code]
    while waiting:
        current = waiting.pop()
        waiting += [constant for constant in current.co_consts if isinstance(constant, CodeType)]
        yield current


def imported_names(code: CodeType) -> Iterator[str]:
    """The names of the modules that `code`, or anything nested in it, imports by a statement."""
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
    """The library modules that `code` names, that are not there yet, and that can be imported beforehand."""
    found = []
    for name in dict.fromkeys(imported_names(code)):
        top = name.partition(".")[0]
        known = top in sys.stdlib_module_names or top in _OTHERS
        if known and top not in _NOT_BEFOREHAND and name not in sys.modules and not _NEVER & set(name.split(".")):
            found.append(name)
    return found


def import_beforehand(names: list[str]) -> None:
    """Import these modules. One that cannot be imported is left for the program to find out.

    Raises:
        RuntimeError: there are threads now, which no fork of this process would have.
    """
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException:  # noqa: BLE001 - whatever it is, the program will meet it itself, in its own test
            continue
    if not _OTHERS.isdisjoint(sys.modules) and len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError("an import has started threads")
