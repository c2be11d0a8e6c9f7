"""The layout of LiveCodeBench's code generation problems (`livecodebench/code_generation` and `…_lite`).

Source: LiveCodeBench's public loader and dataset card. Tests are JSON: a list of `{input, output, testtype}`. In the
    lite version the private tests are JSON text that is pickled, compressed and base64-encoded. LeetCode problems ask
    for a method of a class (`starter_code`, testtype "functional", the method's name in `metadata`): an input of their
    tests has one argument per line, as JSON. The other problems ask for programs.
"""

from __future__ import annotations

import base64
import io
import json
import pickle
import zlib
from dataclasses import replace
from pickletools import genops
from typing import Any

from eval.data.layouts.calls import case_of
from eval.data.layouts.entry import Entry, LeftOut
from eval.data.layouts.function_problem import function_entry
from eval.data.problem_set import Facts, HiddenTests, Known
from judge.verdict import TestCase
from program.problem import AskedFunction, Problem, PublicTest

NAME: str = "livecodebench"
COLUMNS = frozenset({"question_id", "question_title", "question_content", "public_test_cases", "private_test_cases"})

# What the set's own runner puts in front of every program.
_MODULES = (
    *("string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math"),
    *("random", "statistics", "itertools", "functools", "operator", "io", "sys", "json"),
)
PRELUDE = "\n".join(
    [
        *(f"from {name} import *" for name in (*_MODULES, "builtins", "typing")),
        *(f"import {name}" for name in _MODULES),
        "sys.setrecursionlimit(50000)",
    ]
)
MAX_PLACES = 10_000  # of a pickle's table of objects
MAX_BYTES = 2**30  # of the private tests of one problem, after unpacking


def read(row: dict[str, Any]) -> Entry:
    """The problem in a row, named as in CodeContests: "abc301_a. Overall Winner".

    Raises:
        LeftOut: the problem asks for a method without giving its name.
        KeyError, TypeError, ValueError: the row is not in this layout.
    """
    identifier = str(row["question_id"])
    public = json.loads(row["public_test_cases"])
    if row.get("starter_code") or any(test["testtype"] == "functional" for test in public):
        return _functional(identifier, row, public)
    problem = Problem(
        name=f"{identifier}. {row['question_title']}",
        description=row["question_content"],
        public_tests=tuple(PublicTest(input=test["input"], output=test["output"]) for test in public),
    )
    private = json.loads(_private_text(row["private_test_cases"]))
    tests = tuple(TestCase(test["input"], test["output"]) for test in private)
    return Entry(id=identifier, problem=problem, hidden=HiddenTests(tests, ()), known=Known((), ()), facts=_facts(row))


def _functional(identifier: str, row: dict[str, Any], public: list[dict[str, Any]]) -> Entry:
    """The entry of a problem that asks for a method of `Solution`."""
    method = json.loads(row.get("metadata") or "{}").get("func_name")
    if not method:
        raise LeftOut(identifier, "asks for a function without giving its name")
    private = json.loads(_private_text(row["private_test_cases"]))
    shown, hidden = ([_called(test) for test in tests] for tests in (public, private))
    function = AskedFunction(
        entry_point=f"Solution.{method}", starter_code=row.get("starter_code") or "", comparison="sequences"
    )
    title = f"{identifier}. {row['question_title']}"
    entry = function_entry(identifier, row["question_content"], function, shown, hidden, title=title)
    return replace(entry, facts=_facts(row))


def _called(test: dict[str, str]) -> TestCase:
    return case_of([json.loads(line) for line in test["input"].split("\n") if line.strip()], json.loads(test["output"]))


def _facts(row: dict[str, Any]) -> Facts:
    # `datasets` reads the day from JSON as a datetime, from other files as text; both begin with the same characters.
    day = str(row.get("contest_date") or "")[:10].replace("-", "")
    return Facts(
        difficulty=str(row.get("difficulty") or "UNKNOWN_DIFFICULTY"),
        tags=(str(row["platform"]),) if row.get("platform") else (),
        contest=int(day) if day.isdigit() else None,
    )


def _private_text(cell: str) -> str:
    """The private tests as JSON text. The cell has them plain or packed.

    Raises:
        ValueError: they are packed in another way, or contain more than text.
    """
    if cell.lstrip().startswith("["):
        return cell
    try:
        unpacking = zlib.decompressobj()
        packed = unpacking.decompress(base64.b64decode(cell, validate=True), MAX_BYTES)
        if not unpacking.eof:
            raise ValueError("private_test_cases is truncated or too large")
        # A pickle of a few bytes could ask for a table of gigabytes.
        places = [place for code, place, _ in genops(packed) if "PUT" in code.name and isinstance(place, int)]
        if max(places, default=0) > MAX_PLACES:
            raise ValueError("private_test_cases is no pickle of text")
        text = _TextUnpickler(io.BytesIO(packed)).load()
    except (zlib.error, pickle.UnpicklingError, EOFError) as fault:
        raise ValueError(f"private_test_cases cannot be unpacked: {fault}") from fault
    if not isinstance(text, str):
        raise ValueError(f"private_test_cases is a pickled {type(text).__name__}, not text")
    return text


class _TextUnpickler(pickle.Unpickler):
    """Loads only text, numbers and containers. A pickle needs a global name for everything else."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        raise pickle.UnpicklingError(f"it needs {module_name}.{global_name}")
