"""The layout of CodeContests+ (`ByteDance-Seed/Code-Contests-Plus`).

Source: the dataset card. `checker` is a testlib checker in C++. `test_cases` are generated tests (`1x` to `5x` say how
    many; the configuration without a name has none). A test is public if it is an example of the statement.
    `validator`, `generator` and the true positive and true negative rates of the tests are not used here.
"""

from __future__ import annotations

from typing import Any

from eval.data.layouts.entry import Entry, LeftOut
from eval.data.problem_set import Facts, HiddenTests, Known
from judge.checkers.checker_program import CheckerProgram
from judge.verdict import TestCase
from program.problem import Problem, PublicTest
from program.statement import examples_in

NAME: str = "code_contests_plus"
COLUMNS = frozenset({"id", "title", "description", "checker", "correct_submissions", "incorrect_submissions"})

PYTHON3 = "py3"
# The card gives no units. No contest has a time limit of 100 s or 100 ms, or a memory limit of 64 GiB or 64 KiB.
_LONGEST_SECONDS, _MOST_MEBIBYTES = 100, 65536


def read(row: dict[str, Any]) -> Entry:
    """The problem in a row, named as in CodeContests: "1_A. Theatre Square".

    Raises:
        LeftOut: the problem is interactive.
        KeyError, TypeError, ValueError: the row is not in this layout.
    """
    identifier = str(row["id"])
    if "registerInteraction" in (row["checker"] or ""):
        raise LeftOut(identifier, "is interactive")
    shown = examples_in(row["description"])
    problem = Problem(
        name=f"{identifier}. {row['title']}",
        description=row["description"],
        public_tests=tuple(PublicTest(input=example.input, output=example.output) for example in shown),
        seconds=_seconds(row.get("time_limit")),
        memory_bytes=_bytes(row.get("memory_limit")),
    )
    public = {" ".join(example.input.split()) for example in shown}
    tests = [TestCase(case["input"], case["output"]) for case in row.get("test_cases") or ()]
    return Entry(
        id=identifier,
        problem=problem,
        hidden=HiddenTests((), tuple(test for test in tests if " ".join(test.input.split()) not in public)),
        known=Known(_python3(row["correct_submissions"]), _python3(row["incorrect_submissions"])),
        facts=_facts(row, identifier),
        checker=CheckerProgram("c++", "testlib", (("checker.cpp", row["checker"]),)) if row["checker"] else None,
    )


def _seconds(limit: Any) -> float | None:
    value = float(limit or 0)
    return (value if value < _LONGEST_SECONDS else value / 1000) or None


def _bytes(limit: Any) -> int | None:
    value = int(limit or 0)
    return (value * 2**20 if value <= _MOST_MEBIBYTES else value) or None


def _python3(submissions: Any) -> tuple[str, ...]:
    return tuple(each["code"] for each in submissions or () if each["language"] == PYTHON3)


def _facts(row: dict[str, Any], identifier: str) -> Facts:
    source = str(row.get("source") or "")
    contest, _, index = identifier.partition("_")
    codeforces = source.lower() == "codeforces" and contest.isdigit()
    return Facts(
        tags=(source.lower(),) if source else (),
        contest=int(contest) if codeforces else None,
        index=index if codeforces else "",
    )
