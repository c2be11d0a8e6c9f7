"""The layout of APPS (`codeparrot/apps`).

Source: the dataset card and APPS's public test runner. `input_output` is JSON with `inputs` and `outputs`: strings or
    lists of lines. It does not mark public tests. Here a test is public if the statement shows it as an example, and
    hidden otherwise.

With `fn_name` the tests call a function or, if `starter_code` has a class `Solution`, a method of it. Then an input is
the list of arguments, and an output is the value or a list with only the value. JSON stores tuples as lists, and
numeric keys of dictionaries as strings.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from eval.data.layouts.calls import case_of
from eval.data.layouts.entry import Entry
from eval.data.layouts.function_problem import function_entry
from eval.data.layouts.worded_examples import shown_examples
from eval.data.problem_set import Facts, HiddenTests, Known
from judge.verdict import TestCase
from program.problem import AskedFunction, Problem, PublicTest

NAME: str = "apps"
COLUMNS = frozenset({"question", "input_output"})

MAX_EXAMPLE = 5000  # characters; no statement shows longer ones
MAX_DIGITS = 20_000  # of an integer: parsing takes quadratic time
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
# What the public runner imports in front of every program, except NumPy, which is large.
PRELUDE = (
    "import collections, fractions, functools, heapq, itertools, math, random, sys, time\n"
    "from collections import ChainMap, Counter, OrderedDict, defaultdict, deque\n"
    "from functools import lru_cache\nfrom heapq import *\n"
    "from itertools import accumulate, combinations, permutations, product\n"
    "from math import ceil, cos, exp, fabs, floor, gcd, log, log2, sin, sqrt, tan\nfrom typing import List, Tuple"
)
_EXAMPLES = re.compile(r"^-+ *(?:sample|example)", re.IGNORECASE | re.MULTILINE)
_CODEFORCES = re.compile(r"codeforces\.com/(?:problemset/problem|contest)/(\d+)/(?:problem/)?(\w+)")


def read(row: dict[str, Any]) -> Entry:
    """The problem in a row, named by its number: "apps_0042".

    Raises:
        LeftOut: the problem asks for a function and has no tests.
        KeyError, TypeError, ValueError: the row is not in this layout.
    """
    number = int(row["problem_id"] if "problem_id" in row else row["id"])
    given = json.loads(row["input_output"] or "{}", parse_int=_integer)
    if given.get("fn_name"):
        return _functional(number, row, given)
    pairs = zip(given.get("inputs", ()), given.get("outputs", ()), strict=True)
    tests = [TestCase(_text(asked), _text(answer)) for asked, answer in pairs]
    examples = _examples(row["question"])
    public = [test for test in dict.fromkeys(tests) if _shown(test, examples)]
    problem = Problem(
        name=f"apps_{number:04d}",
        description=row["question"],
        public_tests=tuple(PublicTest(input=test.input, output=test.output) for test in public),
    )
    return Entry(
        id=str(number),
        problem=problem,
        hidden=HiddenTests(tuple(test for test in tests if test not in public), ()),
        known=Known(tuple(json.loads(row.get("solutions") or "[]")), ()),
        facts=_facts(row),
    )


def _functional(number: int, row: dict[str, Any], given: dict[str, Any]) -> Entry:
    """The entry of a problem that asks for a function. The calls in the statement's text are its public tests."""
    name, starter = given["fn_name"], row.get("starter_code") or ""
    is_method = "class Solution" in starter
    pairs = zip(given.get("inputs", ()), given.get("outputs", ()), strict=True)
    tests = [case_of(_arguments(asked), _numbered(value)) for asked, value in pairs]
    function = AskedFunction(
        entry_point=f"Solution.{name}" if is_method else name, starter_code=starter, comparison="boxed"
    )
    # Solutions are functions or methods; those of the other form cannot be called this way.
    programs = [text for text in json.loads(row.get("solutions") or "[]") if ("class Solution" in text) == is_method]
    public = shown_examples(row["question"], starter, name)
    right = tuple(f"{PRELUDE}\n{text}" for text in programs)
    title = f"apps_{number:04d}"
    entry = function_entry(str(number), row["question"], function, public, tests, right=right, title=title)
    return replace(entry, facts=_facts(row))


def _arguments(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise TypeError("the arguments of a function are not a list")
    return [*map(_numbered, given[:1]), *given[1:]]


def _numbered(value: Any) -> Any:
    """A value, or a list with only the value, with its keys converted back to numbers."""
    if isinstance(value, list) and len(value) == 1:
        return [_numbered(value[0])]
    if isinstance(value, dict) and all(_WHOLE.fullmatch(key) for key in value):
        return {int(key): item for key, item in value.items()}
    return value


def _integer(digits: str) -> int:
    """An integer, which may have more digits than `int` accepts by default."""
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS:,} digits")
    return int(Decimal(digits))


def _text(given: Any) -> str:
    lines = given if isinstance(given, list) else [given]
    if not all(isinstance(line, str) for line in lines):
        raise TypeError("input_output has a value that is not text")
    return "\n".join(lines)


def _examples(question: str) -> str:
    """The part of the statement from its examples on; empty if it has none."""
    begin = _EXAMPLES.search(question)
    return question[begin.start() :] if begin else ""


def _shown(test: TestCase, examples: str) -> bool:
    """Whether a statement shows exactly this test: its whole input followed by its whole output."""
    given, expected = test.input.split(), test.output.split()
    if not given or not expected or len(test.input) + len(test.output) > MAX_EXAMPLE:
        return False
    label = r"(?i:(?:-+ *)?(?:Sample *)?{} *\d* *:? *-*:?)\s+"
    parts = (label.format("Input"), _spaced(given), r"\s+", label.format("Output"), _spaced(expected), r"(?!\S)")
    return re.search("".join(parts), examples) is not None


def _spaced(words: list[str]) -> str:
    return r"\s+".join(map(re.escape, words))


def _facts(row: dict[str, Any]) -> Facts:
    url = str(row.get("url") or "")
    contest = _CODEFORCES.search(url)
    site = urlsplit(url).hostname
    return Facts(
        difficulty=str(row.get("difficulty") or "UNKNOWN_DIFFICULTY"),
        tags=(site.removeprefix("www."),) if site else (),
        contest=int(contest[1]) if contest else None,
        index=contest[2] if contest else "",
    )
