"""A test of a function, in the candidate's process: its arguments come in, the program is run as an import of it would
run it, the function is called, and its value goes out.

The value goes where standard output would. What the program prints goes to standard error, and counts for nothing.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from os import SEEK_END, _exit, dup, dup2, fstat, lseek, pread, write
from typing import Any

from judge.value_texts import literal

# What programs do to these names must not reach this module.
__builtins__ = dict(builtins.__dict__)
MODULE = "program"  # its name, so that what is meant for the main module only is not run
_NAMES = {"inf": float("inf"), "nan": float("nan")}


def _arguments(*given: Any, **named: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return given, named


class FunctionCall:
    """One call of the function, or of the method of a class without arguments of its own: "f", "Solution.f"."""

    def __init__(self, entry_point: str) -> None:
        self._path: Sequence[str] = entry_point.split(".")
        self._given: tuple[tuple[Any, ...], dict[str, Any]] = (), {}
        self._out = -1

    def begin(self) -> None:
        """Before the program is run: take its arguments from standard input, and standard output away from it."""
        text = pread(0, fstat(0).st_size, 0).decode("utf-8", "surrogateescape")
        self._given = eval(f"_({text}\n)", {"_": _arguments, "__builtins__": __builtins__, **_NAMES})
        self._out = dup(1)
        dup2(2, 1)
        lseek(0, 0, SEEK_END)

    def end(self, names: dict[str, Any]) -> None:
        """After it: call the function, hand over its value and end the process."""
        given, named = self._given
        value = self._function(names)(*given, **named)
        rest = memoryview(literal(value).encode("utf-8", "surrogatepass"))
        while rest:
            rest = rest[write(self._out, rest) :]
        _exit(0)

    def _function(self, names: dict[str, Any]) -> Any:
        first, *path = self._path
        if first not in names:
            raise SystemExit(f"The program defines no {'class' if path else 'function'} {first!r}.")
        found = names[first]
        if path and isinstance(found, type):
            found = found()
        for name in path:
            found = getattr(found, name)
        return found
