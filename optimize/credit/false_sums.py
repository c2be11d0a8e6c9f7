"""The wrong sums in a text: "3 + 4 = 8"."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from judge.literals import syntax_tree

_RUN = r"[(\d][\d\s.,+*/%×÷·()−–-]*"
_CHAIN = re.compile(rf"(?<![\w^.,]){_RUN}(?:==?\s*-?\s*{_RUN})+(?![\w^!])")
# In a sentence with one of these words a sum may mean something else.
_NO_SUM = re.compile(r"\b(?:mod|modulo|xor|binary|hex|hexadecimal|base|strings?|concat\w*)\b|\^", re.IGNORECASE)
_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-"})
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


def false_sums(text: str) -> list[str]:
    """The wrong sums in a text. Rounded or truncated results and divisions with a remainder count as right; sums with a
    part that is not a number are ignored."""
    found = []
    for sentence in sentences(re.sub(r"(?<=\d)\s*[xX]\s*(?=\d)", " * ", text).translate(_SIGNS)):
        for match in () if _NO_SUM.search(sentence) else _CHAIN.finditer(sentence):
            if not sentence[: match.start()].rstrip().endswith((*"+-*/%<>!",)):
                parts = [part.strip(" \n\t.,").rstrip(" -") for part in re.split(r"==?", match[0])]
                found += [f"{first} = {second}" for first, second in pairwise(parts) if _is_false(first, second)]
    return found


def agrees(value: float, claimed: float, decimals: int) -> bool:
    """Whether a number equals the claimed one, which may be rounded or truncated to `decimals` decimals."""
    return math.isclose(value, claimed, rel_tol=1e-12) or (decimals > 0 and abs(value - claimed) < 10.0**-decimals)


def sentences(text: str) -> list[str]:
    """The sentences of a text; a decimal point does not end a sentence."""
    return [part for part in re.split(r"(?<=[.!?])\s+|;\s|\n\s*\n", text) if part.strip()]


def _is_false(first: str, second: str) -> bool:
    left, right = _value(first), _value(second)
    sums = [each for each in (first, second) if re.search(r"\d[\s)]*[-+*/%]", each)]
    if left is None or right is None or not sums:
        return False
    decimals = max((len(found) for found in re.findall(r"\.(\d+)", f"{first} {second}")), default=0)
    if any("/" in each for each in sums) and abs(left - right) < 10.0**-decimals:
        return False
    return not agrees(left, right, decimals)


def _value(text: str) -> float | None:
    """The value of a numeric expression; None if it is not one."""
    try:
        return _calculated(syntax_tree(re.sub(r"(?<=\d),(?=\d{3}\b)", "", text), "eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError):
        return None


def _calculated(node: ast.AST) -> float:
    """The value of an expression.

    Raises:
        ValueError: it has other parts than numbers.
        ArithmeticError: it has no value.
    """
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_calculated(left), _calculated(right))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_calculated(operand))
        case _:
            raise ValueError("no sum")
