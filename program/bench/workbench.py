"""Runs the programs of one rollout on the tests that the flow may see, and stores the results."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal

from judge.checker import STRICT, Checker, differing_lines
from judge.judge import judge
from judge.literals import arguments_of
from judge.verdict import Limits, TestCase, TestResult, Verdict
from program.answers.syntax import is_python, same_program
from program.bench.words import Words, words_for
from program.problem import Problem
from program.rollout.context import trace
from program.rollout.trace import JudgeRun, Origin, TestRun, name_of

CRASHED = 1000  # the number of differing lines that a crash counts as
TRACED_CHARACTERS = 2000  # of each text in a trace (`program.rollout.trace.TestRun`)
Kind = Literal["public", "ai", "other"]


class Workbench:
    """All programs seen so far, their results, the anchors, and the best program.

    An anchor is a test that the program under repair passes; repair accepts no later program that fails it.
    """

    def __init__(self, problem: Problem) -> None:
        self.public = problem.tests()
        self.ai: list[TestCase] = []
        self.anchors: list[TestCase] = []
        self.limits = problem.limits()
        self.checker = problem.checker()
        self.several = problem.accepts_several
        self.function = problem.function
        self.largest_input = ""  # confirmed; programs only have to end on it
        self.programs: list[str] = []  # in the order in which they were added
        self._results: dict[str, dict[TestCase, TestResult]] = {}
        self._on_largest: dict[str, TestResult] = {}

    def add(self, code: str, origin: Origin) -> str:
        """Add a program, which may become the answer. Return the stored form of it. Nothing is added if it is empty or
        already known."""
        code = self.known(code)
        if code.strip() and code not in self.programs:
            self.programs.append(code)
            trace().new_program(code, origin)
            self.note_best()
        return code

    def known(self, code: str) -> str:
        """The stored program that differs from `code` only in comments and layout; `code` if there is none."""
        return next((known for known in self.programs if same_program(code, known)), code)

    def drop_ai_test(self, test: TestCase) -> None:
        """Ignore `test` from now on."""
        self.ai.remove(test)
        self.anchors = [each for each in self.anchors if each != test]
        self.note_best()

    def add_ai_tests(self, tests: Sequence[TestCase]) -> None:
        """Add tests; if two have the same input, the first counts."""
        for test in tests:
            if test.input not in {known.input for known in (*self.public, *self.ai)}:
                self.ai.append(test)
        self.note_best()

    def results(self, code: str, tests: Sequence[TestCase]) -> list[TestResult]:
        """The results of `code` on `tests`; known results are reused."""
        known = self._results.setdefault(code, {})
        missing = [test for test in dict.fromkeys(tests) if test not in known]
        public = [test for test in missing if test in self.public]
        written = [test for test in missing if test not in self.public]
        known.update(zip(public, self.run(code, public, self.limits, "public"), strict=True))
        known.update(zip(written, self.run(code, written, self.limits, "ai"), strict=True))
        return [known[test] for test in tests]

    @property
    def entry_point(self) -> str | None:
        """The requested function; None for a program."""
        return self.function.entry_point if self.function else None

    @property
    def starter(self) -> str:
        """The code that the problem gives; empty if it gives none."""
        return self.function.starter_code if self.function else ""

    @property
    def words(self) -> Words:
        """The words for descriptions of failures."""
        return words_for(self.function)

    @property
    def arity(self) -> int | None:
        """The number of arguments in the public tests' calls, if it is clear."""
        counts = {len(arguments_of(test.input)[0]) for test in self.public} if self.function else set()
        return counts.pop() if len(counts) == 1 else None

    def run_helper(self, program: str, inputs: Sequence[str], limits: Limits) -> list[TestResult]:
        """Run a program that reads and prints, even if the problem asks for a function; nothing is compared."""
        return self._run(program, _unjudged(inputs), limits, "other", STRICT.without_comparison())

    def answers(self, code: str, inputs: Sequence[str], limits: Limits) -> list[TestResult]:
        """Run `code` on inputs without a known output; nothing is compared."""
        return self._run(code, _unjudged(inputs), limits, "other", self.checker.without_comparison())

    def run(self, code: str, tests: Sequence[TestCase], limits: Limits, kind: Kind = "other") -> list[TestResult]:
        """Run `code`, even if results are known, and enter this in the trace: for programs that are not candidates."""
        return self._run(code, tests, limits, kind, self.checker)

    def _run(
        self, code: str, tests: Sequence[TestCase], limits: Limits, kind: Kind, checker: Checker
    ) -> list[TestResult]:
        if not tests:
            return []
        started, begin = trace().now(), time.perf_counter()
        results = judge(code, tests, limits, checker=checker).results
        called = self.function.name if self.function and checker.entry_point else ""
        took = time.perf_counter() - begin
        trace().enter(_judge_run(kind, code, tests, results, started, took, called))
        return results

    def passes(self, code: str, tests: Sequence[TestCase]) -> bool:
        return all(result.passed for result in self.results(code, tests))

    def first_failure(self, code: str, tests: Sequence[TestCase]) -> TestCase | None:
        """The first of the tests that `code` fails; None if it passes all."""
        results = zip(tests, self.results(code, tests), strict=True)
        return next((test for test, result in results if not result.passed), None)

    def may_be_right(self, result: TestResult) -> bool:
        """Whether the output on a failed public test may be another right answer, which cannot be checked here."""
        return self.several and result.verdict is Verdict.WA and result.output.strip() != ""

    def on_largest(self, code: str) -> TestResult | None:
        """The result of `code` on the largest input, whose output is not compared; None if there is no such input."""
        if self.largest_input and code not in self._on_largest:
            self._on_largest[code] = self.answers(code, [self.largest_input], self.limits)[0]
        return self._on_largest.get(code)

    def passed_public(self, code: str) -> int:
        """The number of public tests that `code` passes."""
        return sum(result.passed for result in self.results(code, self.public))

    def passes_all_public(self, code: str) -> bool:
        """Whether `code` is a program that passes every public test."""
        return bool(code.strip()) and self.passes(code, self.public)

    def passing(self) -> list[str]:
        """The programs that pass every public test, without duplicates."""
        return [code for code in self.programs if self.passes_all_public(code)]

    def anchor(self, code: str, tests: Sequence[TestCase]) -> None:
        """Make those of the anchors and of `tests` that `code` passes the new anchors."""
        tried = list(dict.fromkeys([*self.anchors, *tests]))
        results = zip(tried, self.results(code, tried), strict=True)
        self.anchors = [test for test, result in results if result.passed]

    def nothing_fails(self) -> bool:
        """Whether the best program passes every test that the flow has."""
        best = self.best()
        return bool(best) and self.passes(best, self.public) and self.passes(best, self.ai)

    def best(self) -> str:
        """The program that passes most public tests, then most anchors, then most AI tests, then ends on the largest
        input; or whose outputs are closest to the public ones. Among equals, the earliest: a fix that was kept is
        better than the original, and a fix that was not kept must not win by a tie. Empty if there is no program.
        """
        return max(self.programs, key=self._merit, default="")

    def note_best(self) -> None:
        """Enter in the trace which program is the answer now."""
        trace().best(self.best())

    def distance(self, code: str) -> int:
        """The number of differing output lines over the public tests; a crash counts as many lines."""
        results = zip(self.public, self.results(code, self.public), strict=True)
        return sum(
            CRASHED if result.crashed else differing_lines(result.output, test.output, self.checker)
            for test, result in results
        )

    def _merit(self, code: str) -> tuple[int, ...]:
        public = self.passed_public(code)
        if public < len(self.public):  # AI tests, including anchors, only decide between good programs
            return is_python(code), public, 0, 0, -self.distance(code)
        anchors = sum(result.passed for result in self.results(code, self.anchors))
        written = sum(result.passed for result in self.results(code, self.ai))
        largest = self.on_largest(code)
        return is_python(code), public, anchors, written, largest is None or not largest.crashed


def _unjudged(inputs: Sequence[str]) -> list[TestCase]:
    return [TestCase(text, "") for text in inputs]


def _judge_run(kind: Kind, code: str, tests, results, started: float, seconds: float, called: str) -> JudgeRun:
    runs = [
        TestRun(
            input=test.input[:TRACED_CHARACTERS],
            expected=test.output[:TRACED_CHARACTERS],
            output=result.output[:TRACED_CHARACTERS],
            error=result.error[-TRACED_CHARACTERS:],
            verdict=result.verdict.value,
        )
        for test, result in zip(tests, results, strict=True)
    ]
    return JudgeRun(
        tests=kind,
        program=name_of(code),
        verdicts=[run.verdict for run in runs],
        started=started,
        seconds=seconds,
        code=code,
        runs=runs,
        function=called,
    )
