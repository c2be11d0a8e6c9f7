"""Which of the tests a model wrote can be used at all."""

from __future__ import annotations

from collections.abc import Sequence

from judge.verdict import TestCase
from program.account import account
from program.problem import Problem
from signatures.fields import AITest

MAX_CHARACTERS = 20_000


def usable_tests(tests: Sequence[AITest], problem: Problem) -> list[TestCase]:
    """The tests that say something new: not empty, not huge, no repeats, no public input (whose output is known)."""
    seen = {_plain(test.input) for test in problem.public_tests}
    usable = []
    for test in tests:
        key = _plain(test.input)
        if not key or not test.output.strip() or key in seen or len(test.input) > MAX_CHARACTERS:
            continue
        seen.add(key)
        usable.append(TestCase(test.input.strip() + "\n", test.output.strip() + "\n"))
    if len(usable) < len(tests):
        account().decide(f"AI tests: {len(tests) - len(usable)} of {len(tests)} dropped as empty, huge or repeated")
    return usable


def _plain(text: str) -> str:
    return " ".join(text.split())
