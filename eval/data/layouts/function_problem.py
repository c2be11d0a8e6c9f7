"""What the layouts of function problems have in common."""

from __future__ import annotations

from collections.abc import Sequence

from eval.data.layouts.entry import Entry, LeftOut
from eval.data.problem_set import Facts, HiddenTests, Known
from judge.checker import Checker
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
) -> Entry:
    """The entry of a function problem.

    Args:
        name: of the problem in its set.
        description: in words; empty where the starter code says all.
        public: tests that a solver may see. Those that contradict a hidden one are left out.
        private, generated: hidden tests, those of the original set and those that were added to them. What is public,
            and what is there twice, is taken out.
        right: programs.
        title: the problem's name in prompts; that in its set where it has none.

    Raises:
        LeftOut: it has no tests at all.
        ValueError: a test is no call with its value, as texts of literals.
    """
    for test in (*public, *private, *generated):
        _check_literals(test)
    hidden = {test.input: test for test in (*generated, *private)}
    checker = Checker("strict", function.tolerance or None, function.entry_point, function.comparison)
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
    return Entry(id=name, problem=problem, hidden=tests, known=Known(right, ()), facts=Facts())


def _check_literals(test: TestCase) -> None:
    """Only what has no value is written with angle brackets, so most texts need not be read."""
    try:
        if "<" in test.input:
            arguments_of(test.input)
        if "<" in test.output:
            value_of(test.output)
    except NoLiteral as fault:
        raise ValueError(f"a test has no literals: {test.input[:80]} -> {test.output[:80]}") from fault
