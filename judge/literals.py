"""Reads values from texts of Python literals, without executing anything. `judge.value_texts` writes these texts."""

from __future__ import annotations

import ast
import math
import threading
from collections.abc import Callable
from typing import Any

_NAMES = {"inf": math.inf, "nan": math.nan}
_PARSES = 20
_parsing = threading.Lock()


class NoLiteral(ValueError):
    """The text is not a literal."""


Other = Callable[[ast.AST], Any]
"""Returns the value of an expression that is not a literal; raises `NoLiteral` if there is none."""


def arguments_of(text: str, other: Other | None = None) -> tuple[list[Any], dict[str, Any]]:
    """The positional and keyword arguments in a text, as written between the parentheses of a call; see `value_in`.

    Raises:
        NoLiteral: the text is not a list of arguments, or an argument is not a literal.
    """
    match _parsed(f"f({text}\n)"):
        case ast.Call(func=ast.Name(id="f"), args=given, keywords=named):
            if all(each.arg for each in named):
                return (
                    [value_in(each, other) for each in given],
                    {str(each.arg): value_in(each.value, other) for each in named},
                )
    raise NoLiteral("not a list of arguments")


def value_of(text: str, other: Other | None = None) -> Any:
    """The value of any Python literal, or of a text written by `literal`; see `value_in`.

    Raises:
        NoLiteral: the text is not a literal.
    """
    return value_in(_parsed(text.strip()), other)


def is_value(text: str) -> bool:
    """Whether a text is a literal."""
    try:
        value_of(text)
    except NoLiteral:
        return False
    return True


def value_in(node: ast.AST, other: Other | None = None) -> Any:
    """The value of an expression; see `value_of`.

    Args:
        other: evaluates expressions that are not literals, such as names.

    Raises:
        NoLiteral: the expression, or a part of it, has no value.
    """
    match node:
        case ast.Constant(value=value) if value is not Ellipsis:
            return value
        case ast.Name(id=name) if name in _NAMES:
            return _NAMES[name]
        case ast.List(elts=items):
            return [value_in(item, other) for item in items]
        case ast.Tuple(elts=items):
            return tuple([value_in(item, other) for item in items])
        case ast.Set(elts=items):
            return {_hashed(value_in(item, other)) for item in items}
        case ast.Dict(keys=keys, values=values) if None not in keys:
            pairs = zip(keys, values, strict=True)
            return {_hashed(value_in(key, other)): value_in(value, other) for key, value in pairs if key is not None}
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            number = _number(value_in(operand, other))
            return -number if isinstance(sign, ast.USub) else +number
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=ast.Constant(value=complex() as imaginary)):
            real = _number(value_in(left, other))
            return real + imaginary if isinstance(op, ast.Add) else real - imaginary
        case ast.Call(func=ast.Name(id="set" | "frozenset" | "complex" | "float" as kind), args=given, keywords=[]):
            return _built(kind, [value_in(each, other) for each in given])
    if other is not None:
        return other(node)
    raise NoLiteral(f"not a literal: {type(node).__name__}")


def syntax_tree(text: str, mode: str = "exec", file: str = "<unknown>") -> Any:
    """The syntax tree of `text`: a module, or an expression if `mode` is "eval".

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError, OverflowError: it is not Python.
    """
    # Python 3.11 counts the depth of a tree per interpreter, so threads that parse at the same time disturb each
    # other's count, which raises a SystemError. The lock separates our threads. Threads of libraries are the reason for
    # repeating the parse.
    with _parsing:
        for _ in range(_PARSES - 1):
            try:
                return compile(text, file, mode, ast.PyCF_ONLY_AST, dont_inherit=True)
            except SystemError:
                continue
        return compile(text, file, mode, ast.PyCF_ONLY_AST, dont_inherit=True)


def _parsed(text: str) -> ast.expr:
    try:
        return syntax_tree(text, "eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as fault:
        raise NoLiteral(f"not a literal: {fault}") from fault


def _built(kind: str, given: list[Any]) -> Any:
    try:
        if kind in ("set", "frozenset"):
            return set(*given) if kind == "set" else frozenset(*given)
        return complex(*given) if kind == "complex" else float(*given)
    except (TypeError, ValueError, OverflowError) as fault:
        raise NoLiteral(f"not a literal: {fault}") from fault


def _hashed(value: Any) -> Any:
    try:
        hash(value)
    except TypeError as fault:
        raise NoLiteral(str(fault)) from fault
    return value


def _number(value: Any) -> Any:
    if not isinstance(value, int | float | complex):
        raise NoLiteral(f"not a number: {type(value).__name__}")
    return value
