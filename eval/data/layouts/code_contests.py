"""The layout of `deepmind/code_contests`, and AlphaCodium's versions of it.

Source: the dataset card. AlphaCodium's processed copy has the same columns, with names instead of numbers (difficulty
    "A", language "PYTHON3"). Its `is_valid_test` marks tests that follow the statement's rules. AlphaCodium's
    custom-problem JSON has name, description and the three sets of tests.
"""

from __future__ import annotations

from typing import Any

from eval.data.layouts.entry import Entry
from eval.data.problem_set import Facts, HiddenTests, Known
from judge.verdict import TestCase
from program.problem import Problem, PublicTest, seconds_of, texts_of

NAME: str = "code_contests"
COLUMNS = frozenset({"name", "description"})

PYTHON3 = (3, "PYTHON3")  # the language, by number and by name
DIFFICULTIES = (
    "UNKNOWN_DIFFICULTY",
    "EASY",
    "MEDIUM",
    "HARD",
    "HARDER",
    "HARDEST",
    "EXTERNAL",
    *"ABCDEFGHIJKLMNOPQRSTUV",
)


def read(row: dict[str, Any]) -> Entry:
    """The problem in a row, without the tests marked as not valid.

    Raises:
        KeyError, TypeError, ValueError: the row is not in this layout.
    """
    problem = Problem(
        name=row["name"],
        description=row["description"],
        public_tests=tuple(PublicTest(input=t.input, output=t.output) for t in _tests(row, "public_tests")),
        seconds=seconds_of(row.get("time_limit")),
        memory_bytes=row.get("memory_limit_bytes") or None,
    )
    return Entry(
        id=problem.name,
        problem=problem,
        hidden=HiddenTests(_tests(row, "private_tests"), _tests(row, "generated_tests")),
        known=Known(_python3(row, "solutions"), _python3(row, "incorrect_solutions")),
        facts=_facts(row),
    )


def _tests(row: dict[str, Any], key: str) -> tuple[TestCase, ...]:
    tests = row.get(key) or {"input": [], "output": []}
    pairs = list(zip(texts_of(tests, "input"), texts_of(tests, "output"), strict=True))
    valid = tests.get("is_valid_test") or [True] * len(pairs)
    return tuple(TestCase(i, o) for (i, o), sound in zip(pairs, valid, strict=True) if sound)


def _python3(row: dict[str, Any], key: str) -> tuple[str, ...]:
    programs = row.get(key) or {"language": [], "solution": []}
    return tuple(
        text for number, text in zip(programs["language"], programs["solution"], strict=True) if number in PYTHON3
    )


def _facts(row: dict[str, Any]) -> Facts:
    difficulty = row.get("difficulty") or 0
    return Facts(
        difficulty=difficulty if isinstance(difficulty, str) else DIFFICULTIES[difficulty],
        tags=tuple(tag for tag in row.get("cf_tags") or () if tag),  # the dataset has [""] for no tags
        rating=row.get("cf_rating") or 0,
        contest=row.get("cf_contest_id") or None,
        index=row.get("cf_index") or "",
    )
