"""Tests of functions in the sources of the sets: read out of their syntax as literals, executed nowhere.

Two forms are known. evalplus' hub sets have lists `inputs` and `results`, and a loop that hands both to `assertion`.
HumanEval and MBPP have one `assert` a test.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from judge.literals import NoLiteral, value_in, value_of
from judge.value_texts import literal
from judge.values import Comparison
from judge.verdict import TestCase

MAX_ITEMS = 1_000_000  # of a list or a text that a test writes as a product
MAX_POWER = 10_000
_ARITHMETIC = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.FloorDiv: lambda a, b: a // b,
    ast.Pow: lambda a, b: a**b,
}
_KNOWN_CALLS = {"all", "is_floats", "isinstance", "set", "np.allclose"}  # of evalplus' `assertion`
_ASSERTION = re.compile(r"\bdef assertion\(.*?(?=^\S|\Z)", re.DOTALL | re.MULTILINE)


class SpecialOracle(ValueError):
    """The tests are judged by code of their own, which is not executed here."""


@dataclass(frozen=True)
class Calls:
    """The tests of a function that could be read.

    Attributes:
        tests: with texts of literals.
        tolerance, comparison: of all of them; see `judge.values`.
        unread: how many others there are.
        without_values: arguments whose value a function of the source says, which is `reference`.
    """

    tests: tuple[TestCase, ...] = ()
    tolerance: float = 0.0
    comparison: Comparison = "equal"
    unread: int = 0
    without_values: tuple[str, ...] = ()
    reference: str = ""


def arguments_text(given: list[Any] | tuple[Any, ...]) -> str:
    """The text between the parentheses of a call with these arguments."""
    return ", ".join(map(literal, given))


def case_of(given: list[Any] | tuple[Any, ...], value: Any) -> TestCase:
    """The test that is a call with these arguments, and its value."""
    return TestCase(arguments_text(given), literal(value))


def calls_in(source: str, names: set[str]) -> Calls:
    """The tests in the source of a set's tests.

    Args:
        source: Python.
        names: under which the function is called there.

    Raises:
        SpecialOracle: see there.
        ValueError: there are none, or the source is no Python.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, RecursionError) as fault:
        raise ValueError(f"its tests are no Python: {fault}") from fault
    body = list(_statements(tree.body))
    lists = {
        node.targets[0].id: node.value
        for node in body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    if "inputs" in lists:
        return _of_lists(source, tree, body, lists, names)
    return asserted([node for node in body if isinstance(node, ast.Assert)], names, len(list(_loops(body))))


def asserted(asserts: list[ast.Assert], names: set[str], unread: int = 0) -> Calls:
    """The tests that are asserts. Those with another comparison than the first are left out, and counted; among tests
    of equal values one that only says whether a value is true expects True or False.

    Args:
        asserts: with one call each.
        names: of the function.
        unread: tests that are something else.

    Raises:
        ValueError: none can be read.
    """
    found: list[tuple[TestCase, float, Comparison]] = []
    for node in asserts:
        if isinstance(node.test, ast.Constant):
            continue  # `assert True`
        try:
            found.append(_asserted(node.test, names))
        except NoLiteral:
            unread += 1
    if not found:
        raise ValueError("none of its tests is a call with literals")
    if any(kind == "equal" for _, _, kind in found):
        found = [(test, bound, "equal" if kind == "truth" else kind) for test, bound, kind in found]
    comparison = found[0][2]
    alike = [each for each in found if each[2] == comparison]
    tests = tuple(dict.fromkeys(test for test, _, _ in alike))
    return Calls(tests, max(tolerance for _, tolerance, _ in alike), comparison, unread + len(found) - len(alike))


def called_name(source: str, defined: set[str]) -> str:
    """The function that a source calls first, one of those that are defined; empty where it calls none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in defined:
            return node.func.id
    return ""


def examples_in_words(text: str, name: str) -> list[TestCase]:
    """The calls of a function that a text shows with their values, as `>>>` or as "f(1) == 2", "f(1) ➞ 2" and the like.

    Where the value is no literal, the example is left out.
    """
    found: dict[str, TestCase] = {}
    for begin in re.finditer(rf"(?<![\w.]){re.escape(name)}\(", text):
        call, end = _call_at(text, begin.start())
        if call is None:
            continue
        doctest = re.search(r">>>[^\n]*\Z", text[: begin.start()]) is not None
        rest = text[end:]
        said = _RESULT.match(rest) or (_NEXT_LINE.match(rest) if doctest else None)
        value = _value_before(rest[said.end() :]) if said else None
        if value is not None:
            found.setdefault(arguments_text(call), TestCase(arguments_text(call), value))
    return list(found.values())


_RESULT = re.compile(
    r"[ \t`#]*(?:==?>|==?|[-=]>|\u279e|\u2192|\u21d2|[Rr]eturns?|should (?:return|be(?: equal to)?))"
    r"[ \t`]*:?[ \t]*\n?[ \t]*"
)
_NEXT_LINE = re.compile(r"[ \t]*\n[ \t]*(?=\S)(?!>>>)")


def _call_at(text: str, begin: int) -> tuple[list[Any] | None, int]:
    """The arguments of the call that begins there, and where it ends; None where they are no literals."""
    for end in re.finditer(r"\)", text[begin : begin + 2000]):
        piece = " ".join(text[begin : begin + end.end()].split("\n"))
        try:
            node = ast.parse(piece, mode="eval").body
        except (SyntaxError, ValueError):
            continue
        if isinstance(node, ast.Call) and not node.keywords:
            try:
                return [_value(each) for each in node.args], begin + end.end()
            except NoLiteral:
                return None, 0
        return None, 0
    return None, 0


def _value_before(text: str) -> str | None:
    """The text of the value with which a line begins, or that a sum in it has ("19 - 5 - 6 = 8"); None where there is
    none."""
    line = text.partition("\n")[0].rstrip()
    ends = [each.start() for each in re.finditer(r"[\s.,;`#)]", line) if not _GOES_ON.match(line, each.start())]
    summed = _SUM.match(line)
    for piece in (line, *([summed["value"]] if summed else ()), *(line[:end].rstrip(" ,") for end in reversed(ends))):
        try:
            return literal(value_of(piece, _word))
        except NoLiteral:
            continue
    return None


def _word(node: ast.AST) -> Any:
    if isinstance(node, ast.Name) and node.id in ("true", "false"):
        return node.id == "true"
    raise NoLiteral(f"no literal: {type(node).__name__}")


_SUM = re.compile(r"[\d.]+(?: *[-+*/%]+ *[\d.]+)+ = (?P<value>[-\d.]*\d)")
_GOES_ON = re.compile(r"\s*[-+*/%=<>]")


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.FunctionDef) and node.name.startswith(("check", "test")):
            yield from _statements(node.body)


def _loops(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    return (node for node in body if isinstance(node, ast.For | ast.While))


def _of_lists(
    source: str, tree: ast.Module, body: list[ast.stmt], lists: dict[str, ast.expr], names: set[str]
) -> Calls:
    (loop,) = list(_loops(body)) or [None]
    match loop:
        case ast.For(body=[ast.Expr(value=ast.Call(func=ast.Name(id="assertion"), args=[called, expected, bound]))]):
            allowed = float(_value(bound))
        case _:
            raise SpecialOracle("its tests have an oracle of their own")
    if not (isinstance(called, ast.Call) and ast.unparse(called.func) in names):
        raise SpecialOracle("its tests change the value before they compare it")
    comparison = _comparison(source)
    inputs = [list(given) for given in _list(lists["inputs"])]
    if "results" in lists:
        pairs = zip(inputs, _list(lists["results"]), strict=True)
        return Calls(tuple(dict.fromkeys(case_of(given, value) for given, value in pairs)), allowed, comparison)
    if not (isinstance(expected, ast.Call) and isinstance(expected.func, ast.Name)):
        raise SpecialOracle("its tests have an oracle of their own")
    reference = expected.func.id
    if reference not in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}:
        raise ValueError(f"its tests call {reference!r}, which they do not define")
    given = tuple(dict.fromkeys(map(arguments_text, inputs)))
    return Calls((), allowed, comparison, without_values=given, reference=reference)


def _comparison(source: str) -> Comparison:
    found = _ASSERTION.search(source)
    if found is None:
        raise SpecialOracle("its tests have an oracle of their own")
    tree = ast.parse(found[0])
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if not called <= _KNOWN_CALLS:
        raise SpecialOracle(f"its tests compare by {', '.join(sorted(called - _KNOWN_CALLS))}")
    text = ast.unparse(tree)
    return "sets" if "set(out) == set(exp)" in text else "found" if "out is not None" in text else "equal"


def _list(node: ast.expr) -> list[Any]:
    value = _value(node)
    if not isinstance(value, list | tuple):
        raise NoLiteral("no list")
    return list(value)


def _asserted(test: ast.expr, names: set[str]) -> tuple[TestCase, float, Comparison]:
    match test:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
            for one, other in ((left, right), (right, left)):
                if (given := _called(one, names)) is not None:
                    return case_of(given, _value(other)), 0.0, "equal"
                match one, other:
                    case ast.Call(func=ast.Name(id="set"), args=[inner]), ast.Call(func=ast.Name(id="set"), args=want):
                        if (given := _called(inner, names)) is not None:
                            return case_of(given, _value(want[0] if want else other)), 0.0, "sets"
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="abs"), args=[ast.BinOp(left=left, op=ast.Sub(), right=right)]),
            ops=[ast.Lt() | ast.LtE()],
            comparators=[bound],
        ):
            if (given := _called(left, names)) is not None:
                return case_of(given, _value(right)), float(_value(bound)), "equal"
        case ast.Call(func=function, args=[left, right], keywords=words) if ast.unparse(function).endswith("isclose"):
            if (given := _called(left, names)) is not None:
                value = _value(right)
                bounds = {each.arg: float(_value(each.value)) for each in words}
                relative = bounds.get("rel_tol", 1e-9) * abs(value)
                return case_of(given, value), max(relative, bounds.get("abs_tol", 0.0)), "equal"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            if (given := _called(operand, names)) is not None:
                return case_of(given, False), 0.0, "truth"
        case _:
            if (given := _called(test, names)) is not None:
                return case_of(given, True), 0.0, "truth"
    raise NoLiteral(f"no call with its value: {ast.unparse(test)[:80]}")


def _called(node: ast.expr, names: set[str]) -> list[Any] | None:
    """The arguments of a call of the function; None where it is none.

    Raises:
        NoLiteral: they are no literals.
    """
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names and not node.keywords:
        return [_value(each) for each in node.args]
    return None


def _value(node: ast.AST) -> Any:
    return value_in(node, _computed)


def _computed(node: ast.AST) -> Any:
    """The value of what tests write in place of a long literal: `[1] * 100`, `10 ** 9`, `math.inf`."""
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            one, other = _value(left), _value(right)
            try:
                size = max(len(each) if hasattr(each, "__len__") else 1 for each in (one, other))
                if isinstance(op, ast.Mult) and size > 1 and size * abs(min(one, other, key=_is_sized)) > MAX_ITEMS:
                    raise NoLiteral("a product that is too long")
                if isinstance(op, ast.Pow) and not abs(other) <= MAX_POWER:
                    raise NoLiteral("a power that is too large")
                return _ARITHMETIC[type(op)](one, other)
            except (TypeError, ValueError, ArithmeticError) as fault:
                raise NoLiteral(f"no value: {fault}") from fault
        case ast.Attribute(value=ast.Name(id="math" | "np" | "numpy"), attr="inf" | "nan" as name):
            return float(name)
    raise NoLiteral(f"no literal: {type(node).__name__}")


def _is_sized(value: Any) -> bool:
    return hasattr(value, "__len__")
