"""Python as text: whether it compiles, its syntax tree, and whether two programs are the same."""

from __future__ import annotations

import ast
import threading
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

FILE = "<answer>"
# What the compiler thinks of a model's style is no business of ours.
warnings.filterwarnings("ignore", category=SyntaxWarning, module=FILE)
warnings.filterwarnings("ignore", category=DeprecationWarning, module=FILE)
# What the compiler raises: on deep nesting a MemoryError, on half characters a ValueError (UnicodeEncodeError).
FAULTS = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
_PARSES = 20
_parsing = threading.Lock()


def is_python(text: str) -> bool:
    """Whether the compiler takes it."""
    return fault_line(text) is None


@lru_cache(maxsize=128)
def fault_line(text: str) -> int | None:
    """The line, counted from 1, where the compiler gives up; 1 where it does not say; None if it takes the text."""
    try:
        compile(text, FILE, "exec", dont_inherit=True)
    except SyntaxError as fault:
        return max(fault.lineno or 1, 1)
    except FAULTS:
        return 1
    return None


def syntax_tree(text: str, mode: str = "exec") -> Any:
    """The syntax tree of `text`: a module, or an expression where `mode` is "eval".

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError, OverflowError: it is no Python.
    """
    # Python 3.11 counts the depth of a tree per interpreter, so threads that build trees at once disturb each other's
    # count, which ends in a SystemError. The lock keeps ours apart; those of libraries are met by parsing again.
    with _parsing:
        for _ in range(_PARSES - 1):
            try:
                return compile(text, FILE, mode, ast.PyCF_ONLY_AST, dont_inherit=True)
            except SystemError:
                continue
        return compile(text, FILE, mode, ast.PyCF_ONLY_AST, dont_inherit=True)


def same_program(one: str, other: str) -> bool:
    """Whether two programs differ in comments and layout only; of texts that are no Python, whether they are equal."""
    if one.strip() == other.strip():
        return True
    try:
        return _same(syntax_tree(one), syntax_tree(other))
    except FAULTS:
        return False


def _same(one: ast.AST, other: ast.AST) -> bool:
    """With a stack, as a long sum nests deeper than Python may call."""
    pairs: list[tuple[Any, Any]] = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, ast.AST):
            pairs += [(getattr(left, name, None), getattr(right, name, None)) for name in _fields(left)]
        elif isinstance(left, list):
            if len(left) != len(right):
                return False
            pairs += zip(left, right, strict=True)
        elif repr(left) != repr(right):  # -0.0 is another constant than 0.0, and nan is the same as nan
            return False
    return True


def _fields(node: ast.AST) -> Iterator[str]:
    # `u"…"` is the same text as `"…"`.
    return (name for name in node._fields if not (isinstance(node, ast.Constant) and name == "kind"))
