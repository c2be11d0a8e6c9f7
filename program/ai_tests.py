"""Which of the tests a model wrote can be used, and what their outputs should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from judge.checker import Checker
from judge.verdict import TestCase
from program.account import account
from program.input_shape import looks_like
from program.problem import Problem
from program.workbench import Workbench
from signatures.fields import AITest

MAX_CHARACTERS = 20_000


def usable_tests(tests: Sequence[AITest], problem: Problem) -> list[TestCase]:
    """The tests that say something new in the format of the examples.

    Dropped are: empty and huge ones, repeats, inputs unlike those of the public tests, and public inputs again: their
    outputs are known, so such a test says nothing or contradicts one.
    """
    public = [test.input for test in problem.public_tests]
    known = {_plain(text) for text in public}
    usable: dict[str, TestCase] = {}
    dropped: Counter[str] = Counter()
    for test in tests:
        if len(test.input) > MAX_CHARACTERS or len(test.output) > MAX_CHARACTERS:
            dropped["huge"] += 1
            continue
        key = _plain(test.input)
        if not key or not test.output.strip():
            dropped["empty"] += 1
        elif key in known or key in usable:
            dropped["repeated"] += 1
        elif not looks_like(test.input, public):
            dropped["unlike the examples"] += 1
        else:
            usable[key] = TestCase(test.input.strip("\n") + "\n", test.output.strip("\n") + "\n")
    if dropped:
        reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.items())
        account().decide(f"AI tests: {sum(dropped.values())} of {len(tests)} dropped ({reasons})")
    return list(usable.values())


def agreed_tests(tests: Sequence[TestCase], programs: Sequence[str], bench: Workbench) -> list[TestCase]:
    """The tests with the output that most of the model's claim and the programs' outputs agree on.

    Without an output that more than half of them give, a test is doubtful and left out. With a single program there is
    no majority to ask, and the claims stay.

    Args:
        tests: with the outputs the model claims.
        programs: different programs, equally good on the public tests.
        bench: runs them.
    """
    if len(programs) < 2:
        return list(tests)
    agreed = []
    for number, test in enumerate(tests, 1):
        outputs = [result.output for program in programs if not (result := bench.results(program, [test])[0]).crashed]
        votes = [test.output, *outputs]
        winner = max(votes, key=lambda vote: _supporters(vote, votes, bench.checker))
        if 2 * _supporters(winner, votes, bench.checker) <= len(programs) + 1:
            account().decide(f"AI test {number} is doubtful: no output has a majority")
        elif bench.checker.matches(winner, test.output):
            agreed.append(test)
        else:
            account().decide(f"AI test {number}: the output that most programs print replaces the claimed one")
            agreed.append(TestCase(test.input, winner))
    return agreed


def _supporters(output: str, votes: Sequence[str], checker: Checker) -> int:
    return sum(checker.matches(vote, output) for vote in votes)


def _plain(text: str) -> str:
    return " ".join(text.split())
