"""The layout of APPS (`codeparrot/apps`).

Source: the dataset card and APPS's public test runner. `input_output` is JSON: `inputs` and `outputs`, texts or lists
of lines; with `fn_name` it is for a function. It does not say which tests the statement shows: here a test is public
when the statement has it as an example, and hidden otherwise.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from eval.data.layouts.entry import Entry, LeftOut
from eval.data.problem_set import Facts, HiddenTests, Known
from judge.verdict import TestCase
from program.problem import Problem, PublicTest

NAME: str = "apps"
COLUMNS = frozenset({"question", "input_output"})

MAX_EXAMPLE = 5000  # characters; no statement shows longer ones
_EXAMPLES = re.compile(r"^-+ *(?:sample|example)", re.IGNORECASE | re.MULTILINE)
_CODEFORCES = re.compile(r"codeforces\.com/(?:problemset/problem|contest)/(\d+)/(?:problem/)?(\w+)")


def read(row: dict[str, Any]) -> Entry:
    """The problem in a row, named by its number: "apps_0042".

    Raises:
        LeftOut: it asks for a function and not for a program.
        KeyError, TypeError, ValueError: the row is not in this layout.
    """
    number = int(row["problem_id"] if "problem_id" in row else row["id"])
    # Arguments of functions may be longer than the numbers that Python reads; nothing here needs their values.
    given = json.loads(row["input_output"] or "{}", parse_int=str)
    if given.get("fn_name"):
        raise LeftOut(str(number), "asks for a function")
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


def _text(given: Any) -> str:
    lines = given if isinstance(given, list) else [given]
    if not all(isinstance(line, str) for line in lines):
        raise TypeError("input_output holds what is no text")
    return "\n".join(lines)


def _examples(question: str) -> str:
    """The part of the statement that begins with its examples; empty where it has none."""
    begin = _EXAMPLES.search(question)
    return question[begin.start() :] if begin else ""


def _shown(test: TestCase, examples: str) -> bool:
    """Whether a statement shows this very test, its whole input followed by its whole output."""
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
