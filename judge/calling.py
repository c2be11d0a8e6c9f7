"""One test of a function, run in the candidate's process.

The arguments are read, the program is executed as an import would execute it, the function is called and its value is
written. If only the items of the value count, or only whether it is true, then the set or the truth value is written,
because not every value has a literal. The value goes to the original standard output. What the program prints goes to
standard error and is ignored.
"""

from __future__ import annotations

import builtins
from _json import make_scanner
from collections.abc import Sequence
from os import SEEK_END, _exit, dup, dup2, fstat, lseek, pread, write
from sys import set_int_max_str_digits
from typing import Any

from judge.value_texts import literal

# Programs that change these names must not affect this module.
__builtins__ = dict(builtins.__dict__)
VIEWS = {"set": set, "bool": bool}
MAX_DIGITS = 4300  # of an integer that `repr` writes, by Python's default; programs run without this limit
MODULE = "program"  # not the main module, so that code for direct execution does not run
_NAMES = {"inf": float("inf"), "nan": float("nan")}
_OF_NUMBERS = b"0123456789-.eE,[] \n"  # texts of these characters mean the same in JSON as in Python


class _Reading:
    """How the scanner of `json` reads numbers. Importing `json` itself would make every fork slower."""

    strict = True
    object_hook = object_pairs_hook = parse_constant = None
    parse_float, parse_int = float, int


_scan: Any = make_scanner(_Reading)  # pyright: ignore[reportArgumentType]  the type stubs name a wrong type


def _arguments(*given: Any, **named: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return given, named


def read(text: bytes) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments in a text, positional and by name. Compiling a list takes ten times as long as scanning it."""
    if not text.translate(None, _OF_NUMBERS):
        numbers = f"[{text.decode()}]"
        try:
            values, end = _scan(numbers, 0)
        except (ValueError, StopIteration):  # Python reads more: "5." and "[1, 2,]"
            pass
        else:
            if end == len(numbers):
                return tuple(values), {}
    said = text.decode("utf-8", "surrogateescape")
    return eval(f"_({said}\n)", {"_": _arguments, "__builtins__": __builtins__, **_NAMES})


class FunctionCall:
    """One call of a function ("f"), or of a method whose class takes no constructor arguments ("Solution.f"), possibly
    after the name of a view of its value ("set f")."""

    def __init__(self, entry_point: str) -> None:
        view, _, path = entry_point.rpartition(" ")
        self._path: Sequence[str] = path.split(".")
        self._view: Any = VIEWS.get(view)
        self._given: tuple[tuple[Any, ...], dict[str, Any]] = (), {}
        self._out = -1

    def begin(self) -> None:
        """Before the program runs: read the arguments from standard input, and redirect standard output."""
        self._given = read(pread(0, fstat(0).st_size, 0))
        self._out = dup(1)
        dup2(2, 1)
        lseek(0, 0, SEEK_END)

    def end(self, names: dict[str, Any]) -> None:
        """After the program ran: call the function, write its value and end the process."""
        given, named = self._given
        value = self._function(names)(*given, **named)
        if self._view is not None:
            value = self._view(value)
        set_int_max_str_digits(MAX_DIGITS)
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
