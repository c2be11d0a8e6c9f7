"""Evaluates Python expressions of texts and numbers, and nothing else. Models write them for long test data.

`"1 " * 99999 + "1\\n"`, `"\\n".join(str(i) for i in range(9))`. Sizes are checked before anything is built.
"""

from __future__ import annotations

import ast
from typing import Any

from program.answers.syntax import FAULTS, syntax_tree

MAX_CHARACTERS = 5_000_000  # in a text; the largest inputs of contests have some millions
MAX_ITEMS = 1_000_000  # in a list; also the maximum number of steps
MAX_BITS = 4096  # of a number


class NoValue(ValueError):
    """The expression is not supported, or its value is too large."""


def evaluate(text: str) -> Any:
    """The value of an expression: a text, a number, a boolean, None, or a list or dict of such values.

    Raises:
        NoValue: the expression is not supported, or its value is too large.
    """
    try:
        tree = syntax_tree(text.strip(), "eval")
        return _Evaluator().value(tree.body, {})
    except FAULTS as fault:
        raise NoValue(str(fault)) from fault
    except (TypeError, KeyError, IndexError, ZeroDivisionError) as fault:
        raise NoValue(f"not a value: {fault}") from fault


_CONSTANTS = {"true": True, "false": False, "null": None}


class _Evaluator:
    def __init__(self) -> None:
        self._steps = 0

    def value(self, node: ast.AST, names: dict[str, Any]) -> Any:
        self._count(1)
        match node:
            case ast.Constant(value=str() | int() | float() | None as value):
                return self._bounded(value)
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.Name(id=name) if name in _CONSTANTS:
                return _CONSTANTS[name]
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self.value(item, names) for item in items]
            case ast.Dict(keys=keys, values=values) if None not in keys:
                return {
                    self.value(key, names): self.value(value, names)  # pyright: ignore[reportArgumentType]
                    for key, value in zip(keys, values, strict=True)
                }
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.value(operand, names)
            case ast.BinOp(left=left, op=op, right=right):
                return self._bounded(self._operate(op, self.value(left, names), self.value(right, names)))
            case ast.JoinedStr(values=parts):
                return self._join("", [self._part(part, names) for part in parts])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.value(body if self.value(test, names) else orelse, names)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self._compare(op, self.value(left, names), self.value(right, names))
            case ast.ListComp() | ast.GeneratorExp():
                return self._comprehended(node, names)
            case ast.Call(func=ast.Name("map"), args=[ast.Name(id=name), items], keywords=[]):
                return [self._call(name, [item]) for item in self.value(items, names)]
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name not in names:
                return self._call(name, [self.value(each, names) for each in args])
            case ast.Call(func=ast.Attribute(value=of, attr="join"), args=[items], keywords=[]):
                separator = self.value(of, names)
                return self._join(separator, list(self.value(items, names)))
        raise NoValue(f"no value: {type(node).__name__}")

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_ITEMS:
            raise NoValue("too many steps")

    def _bounded(self, value: Any) -> Any:
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            raise NoValue("too large a number")
        return value

    def _operate(self, op: ast.operator, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        match op:
            case ast.Add() if numbers or type(left) is type(right):
                self._fits(_size(left) + _size(right), left)
                return left + right
            case ast.Mult() if numbers:
                return left * right
            case ast.Mult() if isinstance(left, int) or isinstance(right, int):
                of, times = (right, left) if isinstance(left, int) else (left, right)
                self._fits(_size(of) * max(times, 0), of)
                return of * times
            case ast.Sub() if numbers:
                return left - right
            case ast.FloorDiv() if numbers:
                return left // right
            case ast.Mod() if numbers:
                return left % right
            case ast.Pow() if isinstance(left, int) and isinstance(right, int) and right >= 0:
                if left.bit_length() * right > MAX_BITS:
                    raise NoValue("too large a number")
                return left**right
        raise NoValue("an operation that is not evaluated")

    def _fits(self, size: float, of: Any = "") -> None:
        if size > (MAX_CHARACTERS if isinstance(of, str) else MAX_ITEMS):
            raise NoValue("too long")

    def _compare(self, op: ast.cmpop, left: Any, right: Any) -> bool:
        match op:
            case ast.Eq():
                return left == right
            case ast.NotEq():
                return left != right
            case ast.Lt():
                return left < right
            case ast.LtE():
                return left <= right
            case ast.Gt():
                return left > right
            case ast.GtE():
                return left >= right
        raise NoValue("a comparison that is not evaluated")

    def _part(self, part: ast.AST, names: dict[str, Any]) -> str:
        match part:
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return str(self.value(value, names))
        return self.value(part, names)

    def _join(self, separator: Any, items: list[Any]) -> str:
        if not isinstance(separator, str) or not all(isinstance(each, str) for each in items):
            raise NoValue("only texts can be joined")
        self._fits(sum(map(len, items)) + len(separator) * len(items))
        return separator.join(items)

    def _comprehended(self, node: ast.ListComp | ast.GeneratorExp, names: dict[str, Any]) -> list[Any]:
        rows = [names]
        for loop in node.generators:
            if not isinstance(loop.target, ast.Name) or loop.is_async:
                raise NoValue("only plain names can be looped over")
            target = loop.target.id
            longer = []
            for row in rows:
                for item in self.value(loop.iter, row):
                    self._count(1)
                    inner = {**row, target: item}
                    if all(self.value(condition, inner) for condition in loop.ifs):
                        longer.append(inner)
            rows = longer
        found, size = [], 0
        for row in rows:
            found.append(self.value(node.elt, row))
            size += _size(found[-1]) if isinstance(found[-1], str | list) else 1
            self._fits(size)
        return found

    def _call(self, name: str, given: list[Any]) -> Any:
        match name, given:
            case "str", [str() | int() | float() as value]:
                return str(value)
            case "int", [str() | int() | float() as value]:
                return self._bounded(int(value))
            case "len", [str() | list() as value]:
                return len(value)
            case "chr", [int() as value]:
                return chr(value)
            case "ord", [str() as value]:
                return ord(value)
            case "range", [*bounds] if bounds and all(isinstance(each, int) for each in bounds):
                numbers = range(*bounds)
                self._count(len(numbers))
                return list(numbers)
            case (("min" | "max" | "sum" | "sorted" | "reversed" | "list"), [list() as items]):
                self._count(len(items))
                return {"min": min, "max": max, "sum": sum, "sorted": sorted, "list": list}.get(
                    name, lambda each: list(reversed(each))
                )(items)
        raise NoValue(f"{name} is not evaluated")


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | list) else 0
