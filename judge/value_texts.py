"""Writes values as texts of Python literals: arguments of a function and its return value. `judge.literals` reads them.

Both sides use the same form, so equal values almost always have equal texts. The form is that of Python literals, plus
`inf`, `nan`, `set()`, `frozenset({1})`, and `complex(a, b)` if a part is zero or not finite. Any other value is written
as a text in angle brackets, which is never read as a value: `<a generator>`.

The candidate's process uses this module. Each imported module makes every fork slower, so only modules that every
process has are imported here.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any

# Programs that change these names must not affect this module.
__builtins__ = dict(builtins.__dict__)
MAX_DEPTH = 90  # of nested containers; Python's parser has its own limit
_HEXADECIMAL_BITS = 12_000  # larger integers are written in hexadecimal: writing decimals takes quadratic time
_EXACT = ("decimal", "_decimal", "fractions")
_SIMPLE = {bool, int, float, str, type(None)}  # for them `repr` writes the same text, and is faster
_KEYS, _ITEMS = type({}.keys()), type({}.items())
_WRAPPED = {"UserList": list, "UserString": str}  # classes of `collections` that equal the value in their `data`


def literal(value: Any, depth: int = 0) -> str:
    """The text of a value. Instances of subclasses, mappings, `UserList`, NumPy scalars, `Decimal` and `Fraction` are
    written as the equal plain value."""
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
        sum_says_it = plain.real and plain.imag and plain - plain == 0  # both are finite
        return complex.__repr__(plain) if sum_says_it else f"complex({plain.real!r}, {plain.imag!r})"
    if isinstance(value, bytes | bytearray):
        return bytes.__repr__(bytes(value))
    return _container(value, depth + 1) or _converted(value, depth) or f"<{_described(type(value))}>"


def _container(value: Any, depth: int) -> str:
    if type(value) is list and _SIMPLE.issuperset(map(type, value)):
        try:
            return repr(value)
        except ValueError:  # an integer with more digits than `repr` writes
            pass
    if isinstance(value, list):
        return f"[{', '.join([literal(item, depth) for item in list.__iter__(value)])}]"
    if isinstance(value, tuple):
        items = [literal(item, depth) for item in tuple.__iter__(value)]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, frozenset):  # unlike a set, it may be in a set and a key
        items = sorted([literal(item, depth) for item in frozenset.__iter__(value)])
        return f"frozenset({{{', '.join(items)}}})" if items else "frozenset()"
    if isinstance(value, set | _KEYS | _ITEMS):
        items = sorted([literal(item, depth) for item in value])
        return f"{{{', '.join(items)}}}" if items else "set()"
    if isinstance(value, dict | Mapping):
        items = dict.items(value) if isinstance(value, dict) else [(key, value[key]) for key in value]
        pairs = [f"{literal(key, depth)}: {literal(item, depth)}" for key, item in items]
        return f"{{{', '.join(pairs)}}}"
    return ""


def _converted(value: Any, depth: int) -> str:
    module = type(value).__module__
    if module == "numpy" and not hasattr(value, "__len__") and hasattr(value, "item"):
        return literal(value.item(), depth + 1)
    for kind in type(value).__mro__:
        if kind.__module__ == "collections" and kind.__name__ in _WRAPPED:
            return literal(_WRAPPED[kind.__name__](value.data), depth)
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
