"""The layouts of `google-research-datasets/mbpp`, both versions, and of `evalplus/mbppplus`.

Source: the dataset cards. `test_list` has asserts. The version of evalplus also has `test`: there the asserts are
    public, and the other tests of `test` are hidden. The original has three asserts: the first is public, because
    evalplus also shows one; the others and those of `challenge_test_list` are hidden.
"""

from __future__ import annotations

import ast
from typing import Any

from eval.data.layouts.calls import Calls, SpecialOracle, asserted, called_name, calls_in
from eval.data.layouts.entry import Entry, LeftOut
from eval.data.layouts.expected import expected_tests
from eval.data.layouts.function_problem import function_entry
from judge.literals import syntax_tree

NAME: str = "mbpp"
COLUMNS = frozenset({"task_id", "code", "test_list"})


def read(row: dict[str, Any]) -> Entry:
    """The problem in a row, named by its task: "Mbpp/3".

    Raises:
        LeftOut: the problem's tests cannot be parsed.
        KeyError, TypeError, ValueError: the row is not in this layout.
    """
    name, code = f"Mbpp/{int(row['task_id'])}", row["code"]
    asserts = [*row["test_list"], *(row.get("challenge_test_list") or ())]
    try:
        return _entry(row, name, code, asserts)
    except SpecialOracle as fault:
        raise LeftOut(name, "has an oracle of its own") from fault
    except SyntaxError as fault:
        raise LeftOut(name, "its program or its tests are not Python 3") from fault
    except ValueError as fault:
        raise LeftOut(name, str(fault)) from fault


def _entry(row: dict[str, Any], name: str, code: str, asserts: list[str]) -> Entry:
    defined = {node.name for node in syntax_tree(code).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    entry_point = called_name("\n".join(asserts), defined)
    if not entry_point:
        raise ValueError("its tests call no function of its program")
    shown = _read(asserts if row.get("test") else asserts[:1], entry_point)
    calls = calls_in(row["test"], {entry_point}) if row.get("test") else _read(asserts, entry_point)
    computed = expected_tests(row["test"], calls.reference, calls.without_values) if calls.reference else []
    tests = [*calls.tests, *computed]
    # An assert may have a rounded value, and a tolerance that is too large for the other tests.
    exact = {test.input: test for test in tests}
    rounded = shown.tolerance > calls.tolerance or shown.relative > calls.relative
    public = [exact.get(test.input, test) for test in shown.tests if test.input in exact or not rounded]
    words = row.get("prompt") or row["text"]
    program = "\n".join([*(row.get("test_imports") or ()), code.replace("\r\n", "\n")])
    function = calls.function(entry_point)
    return function_entry(name, words, function, public, tests, right=(program,), unread=calls.unread)


def _read(asserts: list[str], entry_point: str) -> Calls:
    nodes = [node for text in asserts for node in syntax_tree(text).body if isinstance(node, ast.Assert)]
    try:
        return asserted(nodes, {entry_point})
    except ValueError:
        return Calls(unread=len(nodes))
