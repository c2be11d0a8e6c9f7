"""Tests of functions in the source code of the datasets. They are parsed as literals and never executed.

Two forms are supported. The hub datasets of evalplus have lists `inputs` and `results`, and a loop that passes both to
`assertion`. HumanEval and MBPP have one `assert` per test.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from judge.literals import NoLiteral, syntax_tree, value_in
from judge.value_texts import literal
from judge.values import FLOAT_TOLERANCE, Comparison
from judge.verdict import TestCase
from program.problem import AskedFunction

MAX_ITEMS = 1_000_000  # of a list or string that a test writes as a product
MAX_BITS = 100_000  # of a power
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
    """The tests have their own code as the oracle; it is not executed here."""


@dataclass(frozen=True)
class Calls:
    """The tests of a function that could be parsed.

    Attributes:
        tests: inputs and outputs are literals as text.
        tolerance, relative, comparison: of all tests; see `judge.values`.
        unread: how many tests could not be parsed.
        without_values: arguments without an expected value; the function `reference` of the source computes it.
    """

    tests: tuple[TestCase, ...] = ()
    tolerance: float = 0.0
    comparison: Comparison = "equal"
    unread: int = 0
    without_values: tuple[str, ...] = ()
    reference: str = ""
    relative: float = 0.0

    def function(self, entry_point: str, starter_code: str = "") -> AskedFunction:
        """The function that they call, compared by their rule."""
        return AskedFunction(
            entry_point=entry_point,
            starter_code=starter_code,
            tolerance=self.tolerance,
            relative=self.relative,
            comparison=self.comparison,
        )


Rule = tuple[Comparison, float, float]  # how a test compares, its absolute and its relative tolerance
_EQUAL: Rule = ("equal", 0.0, 0.0)


def arguments_text(given: list[Any] | tuple[Any, ...]) -> str:
    """The text between the parentheses of a call with these arguments."""
    return ", ".join(map(literal, given))


def case_of(given: list[Any] | tuple[Any, ...] | str, value: Any) -> TestCase:
    """The test of a call with these arguments, or their text, and this value."""
    return TestCase(given if isinstance(given, str) else arguments_text(given), literal(value))


def calls_in(source: str, names: set[str]) -> Calls:
    """The tests in the test code of a dataset.

    Args:
        source: Python.
        names: of the function in this code.

    Raises:
        SpecialOracle: the tests have their own oracle.
        ValueError: there are no tests, or the source is not Python.
    """
    try:
        tree = syntax_tree(source)
    except (SyntaxError, RecursionError) as fault:
        raise ValueError(f"its tests are not Python: {fault}") from fault
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
    """The tests that are asserts. All of them get the rule of most of them; those with another comparison or tolerance
    are left out and counted. Among tests of equal values, a test of a truth value expects True or False.

    Args:
        asserts: each with one call.
        names: of the function.
        unread: tests of other forms.

    Raises:
        ValueError: no assert can be parsed.
    """
    found: list[tuple[TestCase, Rule]] = []
    for node in asserts:
        if isinstance(node.test, ast.Constant):
            continue  # `assert True`
        try:
            found.append(_asserted(node.test, names))
        except NoLiteral:
            unread += 1
    if not found:
        raise ValueError("none of its tests is a call with literals")
    if any(rule[0] == "equal" for _, rule in found):
        found = [(test, _EQUAL if rule[0] == "truth" else rule) for test, rule in found]
    # Equal floats may differ that much anyway.
    small = {rule for _, rule in found if rule[0] == "equal" and max(rule[1:]) <= FLOAT_TOLERANCE}
    found = [(test, max(small) if rule in small else rule) for test, rule in found]
    # Of rules with as many tests, the one of the first test.
    (shared, count), *_ = Counter(rule for _, rule in found).most_common(1)
    comparison, tolerance, relative = shared
    tests = tuple(dict.fromkeys(test for test, rule in found if rule == shared))
    return Calls(tests, tolerance, comparison, unread + len(found) - count, relative=relative)


def called_name(source: str, defined: set[str]) -> str:
    """The first of the defined functions that the source calls; empty if it calls none."""
    for node in ast.walk(syntax_tree(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in defined:
            return node.func.id
    return ""


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
            allowed = float(value_at(bound))
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
        raise ValueError(f"its tests call {reference!r}, but do not define it")
    given = tuple(dict.fromkeys(map(arguments_text, inputs)))
    return Calls((), allowed, comparison, without_values=given, reference=reference)


def _comparison(source: str) -> Comparison:
    found = _ASSERTION.search(source)
    if found is None:
        raise SpecialOracle("its tests have an oracle of their own")
    tree = syntax_tree(found[0])
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if not called <= _KNOWN_CALLS:
        raise SpecialOracle(f"its tests compare with {', '.join(sorted(called - _KNOWN_CALLS))}")
    text = ast.unparse(tree)
    return "sets" if "set(out) == set(exp)" in text else "found" if "out is not None" in text else "equal"


def _list(node: ast.expr) -> list[Any]:
    value = value_at(node)
    if not isinstance(value, list | tuple):
        raise NoLiteral("no list")
    return list(value)


def _asserted(test: ast.expr, names: set[str]) -> tuple[TestCase, Rule]:
    match test:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is()], comparators=[right]):
            for one, other in ((left, right), (right, left)):
                if (given := _called(one, names)) is not None:
                    return case_of(given, value_at(other)), _EQUAL
                match one, other:
                    case ast.Call(func=ast.Name(id="set"), args=[inner]), ast.Call(func=ast.Name(id="set"), args=want):
                        if (given := _called(inner, names)) is not None:
                            return case_of(given, value_at(want[0] if want else other)), ("sets", 0.0, 0.0)
        case ast.Compare(
            left=ast.Call(func=ast.Name(id="abs"), args=[ast.BinOp(left=left, op=ast.Sub(), right=right)]),
            ops=[ast.Lt() | ast.LtE()],
            comparators=[bound],
        ):
            if (given := _called(left, names)) is not None:
                return case_of(given, value_at(right)), ("equal", float(value_at(bound)), 0.0)
        case ast.Call(func=function, args=[left, right], keywords=words) if ast.unparse(function).endswith("isclose"):
            if (given := _called(left, names)) is not None:
                bounds = {each.arg: float(value_at(each.value)) for each in words}
                return case_of(given, value_at(right)), ("equal", *_bounds_of_isclose(ast.unparse(function), bounds))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            if (given := _called(operand, names)) is not None:
                return case_of(given, False), ("truth", 0.0, 0.0)
        case _:
            if (given := _called(test, names)) is not None:
                return case_of(given, True), ("truth", 0.0, 0.0)
    raise NoLiteral(f"not a call with its value: {ast.unparse(test)[:80]}")


def _bounds_of_isclose(function: str, given: dict[str | None, float]) -> tuple[float, float]:
    """The absolute and the relative tolerance of `math.isclose` or of `numpy.isclose`, by their defaults."""
    if function.startswith(("np.", "numpy.")):
        return given.get("atol", 1e-8), given.get("rtol", 1e-5)
    return given.get("abs_tol", 0.0), given.get("rel_tol", 1e-9)


def _called(node: ast.expr, names: set[str]) -> str | None:
    """The text of the arguments of a call of the function; None if the node is not such a call.

    Raises:
        NoLiteral: the arguments are not literals.
    """
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names):
        return None
    if not all(each.arg for each in node.keywords):
        raise NoLiteral("the names of arguments are not written out")
    named = [f"{each.arg}={literal(value_at(each.value))}" for each in node.keywords]
    return ", ".join([*(literal(value_at(each)) for each in node.args), *named])


def value_at(node: ast.AST) -> Any:
    """The value of an expression, which may have short arithmetic in it.

    Raises:
        NoLiteral: it is none that can be read without executing it.
    """
    return value_in(node, _computed)


def _computed(node: ast.AST) -> Any:
    """The value of an expression that stands for a long literal: `[1] * 100`, `10 ** 9`, `math.inf`."""
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            one, other = value_at(left), value_at(right)
            try:
                if isinstance(op, ast.Mult) and (_is_sized(one) or _is_sized(other)):
                    times, items = sorted((one, other), key=_is_sized)
                    if len(items) * abs(times) > MAX_ITEMS:
                        raise NoLiteral("a product is too long")
                if isinstance(op, ast.Pow) and isinstance(one, int) and one.bit_length() * abs(other) > MAX_BITS:
                    raise NoLiteral("a power is too large")
                return _ARITHMETIC[type(op)](one, other)
            except (TypeError, ValueError, ArithmeticError) as fault:
                raise NoLiteral(f"no value: {fault}") from fault
        case ast.Attribute(value=ast.Name(id="math" | "np" | "numpy"), attr="inf" | "nan" as name):
            return float(name)
    raise NoLiteral(f"no literal: {type(node).__name__}")


def _is_sized(value: Any) -> bool:
    return hasattr(value, "__len__")
