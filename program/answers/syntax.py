"""Python as text: whether it compiles, its syntax tree, and whether two programs are the same."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from judge.literals import syntax_tree as parsed

FILE = "<answer>"
# The compiler's warnings about a model's style are not of interest.
warnings.filterwarnings("ignore", category=SyntaxWarning, module=FILE)
warnings.filterwarnings("ignore", category=DeprecationWarning, module=FILE)
# Exceptions of the compiler: MemoryError for deep nesting, ValueError (UnicodeEncodeError) for lone surrogates.
FAULTS = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


def is_python(text: str) -> bool:
    """Whether the text compiles."""
    return fault_line(text) is None


@lru_cache(maxsize=128)
def fault_line(text: str) -> int | None:
    """The line (from 1) where the compiler stops; 1 if it does not say; None if the text compiles."""
    try:
        compile(text, FILE, "exec", dont_inherit=True)
    except SyntaxError as fault:
        return max(fault.lineno or 1, 1)
    except FAULTS:
        return 1
    return None


def syntax_tree(text: str, mode: str = "exec") -> Any:
    """See `judge.literals.syntax_tree`."""
    return parsed(text, mode, FILE)


def same_program(one: str, other: str) -> bool:
    """Whether two programs differ only in comments and layout; texts that are not Python must be equal."""
    if one.strip() == other.strip():
        return True
    try:
        return _same(syntax_tree(one), syntax_tree(other))
    except FAULTS:
        return False


def _same(one: ast.AST, other: ast.AST) -> bool:
    """Uses a stack, because a long sum nests deeper than Python can recurse."""
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
        elif repr(left) != repr(right):  # -0.0 differs from 0.0, and nan equals nan
            return False
    return True


def _fields(node: ast.AST) -> Iterator[str]:
    # `u"…"` is the same text as `"…"`.
    return (name for name in node._fields if not (isinstance(node, ast.Constant) and name == "kind"))
