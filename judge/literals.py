"""Values as texts of Python literals, by which arguments go to a function and its value comes back.

Both sides use the same form, so equal values nearly always are equal texts. It is that of Python's own literals, and
`inf`, `nan`, `set()`, and `complex(a, b)` where a part is zero or not finite. What is no such value has a text in angle
brackets in its place, which no reader takes for a value: `<a generator>`.
"""

from __future__ import annotations

import ast
import builtins
import math
from collections.abc import Callable
from typing import Any

# The candidate's process writes with this module; what programs do to these names must not reach it.
__builtins__ = dict(builtins.__dict__)
MAX_DEPTH = 90  # of containers in each other; Python's parser has a bound of its own
_HEXADECIMAL_BITS = 12_000  # of a whole number that is written so: in decimals that takes quadratic time
_NAMES = {"inf": math.inf, "nan": math.nan}
_EXACT = ("decimal", "_decimal", "fractions")
_KEYS, _ITEMS = type({}.keys()), type({}.items())


class NoLiteral(ValueError):
    """The text is none of a value."""


def literal(value: Any, depth: int = 0) -> str:
    """The text of a value. An instance of a subclass, of NumPy's scalars, of `Decimal` or of `Fraction` is written as
    the plain value that it equals."""
    if value is None or value is True or value is False:
        return str(value)
    if depth > MAX_DEPTH:
        return "<too deep>"
    if isinstance(value, int):
        return hex(value) if int.bit_length(value) > _HEXADECIMAL_BITS else int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, str):
        return str.__repr__(value)
    if isinstance(value, complex):
        plain = complex(value)
        sum_says_it = plain.real and plain.imag and math.isfinite(plain.real) and math.isfinite(plain.imag)
        return complex.__repr__(plain) if sum_says_it else f"complex({plain.real!r}, {plain.imag!r})"
    if isinstance(value, bytes | bytearray):
        return bytes.__repr__(bytes(value))
    return _container(value, depth + 1) or _converted(value, depth) or f"<{_described(type(value))}>"


def _container(value: Any, depth: int) -> str:
    if isinstance(value, list):
        return f"[{', '.join([literal(item, depth) for item in list.__iter__(value)])}]"
    if isinstance(value, tuple):
        items = [literal(item, depth) for item in tuple.__iter__(value)]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, set | frozenset | _KEYS | _ITEMS):
        items = sorted([literal(item, depth) for item in value])
        return f"{{{', '.join(items)}}}" if items else "set()"
    if isinstance(value, dict):
        pairs = [f"{literal(key, depth)}: {literal(item, depth)}" for key, item in dict.items(value)]
        return f"{{{', '.join(pairs)}}}"
    return ""


def _converted(value: Any, depth: int) -> str:
    module = type(value).__module__
    if module == "numpy" and not hasattr(value, "__len__") and hasattr(value, "item"):
        return literal(value.item(), depth + 1)
    if module in _EXACT:
        for kind in (int, float):
            try:
                plain = kind(value)
            except (ValueError, OverflowError):
                continue
            if plain == value:
                return literal(plain, depth + 1)
    return ""


def _described(kind: type) -> str:
    name = type.__dict__["__name__"].__get__(kind)
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


Other = Callable[[ast.AST], Any]
"""The value of an expression that is no literal; raises `NoLiteral` where it has none."""


def arguments_of(text: str, other: Other | None = None) -> tuple[list[Any], dict[str, Any]]:
    """The arguments in a text that stands between the parentheses of a call; see `value_in`.

    Raises:
        NoLiteral: it is no such text, or an argument is no literal.
    """
    match _parsed(f"f({text}\n)"):
        case ast.Call(func=ast.Name(id="f"), args=given, keywords=named):
            if all(each.arg for each in named):
                return (
                    [value_in(each, other) for each in given],
                    {str(each.arg): value_in(each.value, other) for each in named},
                )
    raise NoLiteral("no list of arguments")


def value_of(text: str, other: Other | None = None) -> Any:
    """The value of a text that `literal` has written, or any literal of Python; see `value_in`.

    Raises:
        NoLiteral: it is none.
    """
    return value_in(_parsed(text.strip()), other)


def is_value(text: str) -> bool:
    """Whether a text is that of a value."""
    try:
        value_of(text)
    except NoLiteral:
        return False
    return True


def value_in(node: ast.AST, other: Other | None = None) -> Any:
    """The value of an expression; see `value_of`.

    Args:
        other: of what is no literal, such as a name.

    Raises:
        NoLiteral: it, or something in it, has no value.
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
    raise NoLiteral(f"no literal: {type(node).__name__}")


def _parsed(text: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        raise NoLiteral(f"no literal: {fault}") from fault


def _built(kind: str, given: list[Any]) -> Any:
    try:
        if kind in ("set", "frozenset"):
            return set(*given)
        return complex(*given) if kind == "complex" else float(*given)
    except (TypeError, ValueError, OverflowError) as fault:
        raise NoLiteral(f"no literal: {fault}") from fault


def _hashed(value: Any) -> Any:
    try:
        hash(value)
    except TypeError as fault:
        raise NoLiteral(str(fault)) from fault
    return value


def _number(value: Any) -> Any:
    if not isinstance(value, int | float | complex):
        raise NoLiteral(f"no number: {type(value).__name__}")
    return value
