"""Shared code of the layouts of function problems."""

from __future__ import annotations

from collections.abc import Sequence

from eval.data.layouts.entry import Entry, LeftOut
from eval.data.problem_set import Facts, HiddenTests, Known
from judge.literals import NoLiteral, arguments_of, value_of
from judge.verdict import TestCase
from program.problem import AskedFunction, Problem, PublicTest


def function_entry(
    name: str,
    description: str,
    function: AskedFunction,
    public: Sequence[TestCase],
    private: Sequence[TestCase],
    generated: Sequence[TestCase] = (),
    *,
    right: tuple[str, ...] = (),
    title: str = "",
    unread: int = 0,
) -> Entry:
    """The entry of a function problem.

    Args:
        name: of the problem in its dataset.
        description: in words; empty if the starter code is the whole statement.
        public: tests that a solver may see. Tests that contradict a hidden test are left out.
        private, generated: hidden tests: those of the original dataset and those added to it. Public tests and
        duplicates are removed from them.
        right: right programs.
        title: the problem's name in prompts; by default `name`.
        unread: see `Entry`.

    Raises:
        LeftOut: it has no tests at all.
        ValueError: a test is not a call with its value, both as literals.
    """
    for test in (*public, *private, *generated):
        _check_literals(test)
    hidden = {test.input: test for test in (*generated, *private)}
    checker = function.checker()
    shown = {
        test.input: test
        for test in public
        if test.input not in hidden or checker.matches(test.output, hidden[test.input].output)
    }
    first = {test.input: test for test in private if test.input not in shown}
    more = {test.input: test for test in generated if test.input not in shown and test.input not in first}
    if not shown and not first and not more:
        raise LeftOut(name, "has no tests that can be read")
    problem = Problem(
        name=title or name,
        description=description,
        public_tests=tuple(PublicTest(input=test.input, output=test.output) for test in shown.values()),
        function=function,
    )
    tests = HiddenTests(tuple(first.values()), tuple(more.values()))
    return Entry(id=name, problem=problem, hidden=tests, known=Known(right, ()), facts=Facts(), unread=unread)


def _check_literals(test: TestCase) -> None:
    """Check that a test has literals. Only objects without a literal are written with angle brackets, so most texts
    need no parsing."""
    try:
        if "<" in test.input:
            arguments_of(test.input)
        if "<" in test.output:
            value_of(test.output)
    except NoLiteral as fault:
        raise ValueError(f"a test is not made of literals: {test.input[:80]} -> {test.output[:80]}") from fault
