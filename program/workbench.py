"""Runs the programs of one rollout on the tests the flow may see, and remembers how each did."""

from __future__ import annotations

from collections.abc import Sequence

from judge.checker import differing_lines
from judge.judge import judge
from judge.verdict import TestCase, TestResult
from program.account import JudgeRun, TestRun, account, name_of
from program.answers import is_python
from program.problem import Problem

CRASHED = 1000  # differing lines that a crash counts as
SHOWN_CHARACTERS = 2000


class Workbench:
    """All programs seen so far, their results, the anchors, and the best program.

    An anchor is a test that the program under repair has passed; repair lets no later program fail it.
    """

    def __init__(self, problem: Problem, ai_tests: Sequence[TestCase] = ()) -> None:
        self.public = problem.tests()
        self.ai = list(ai_tests)
        self.anchors: list[TestCase] = []
        self.limits = problem.limits()
        self.checker = problem.checker()
        self.programs: list[str] = []  # in the order in which they were taken up
        self._results: dict[str, dict[TestCase, TestResult]] = {}

    def add(self, code: str) -> None:
        """Take up a program, which may become the answer; nothing happens for an empty one."""
        if code.strip() and code not in self.programs:
            self.programs.append(code)
            self.note_best()

    def add_ai_tests(self, tests: Sequence[TestCase]) -> None:
        """Take up tests; of those with the same input the first counts."""
        for test in tests:
            if test.input not in {known.input for known in (*self.public, *self.ai)}:
                self.ai.append(test)
        self.note_best()

    def results(self, code: str, tests: Sequence[TestCase]) -> list[TestResult]:
        """The results of `code` on `tests`; what was run before is not run again."""
        known = self._results.setdefault(code, {})
        missing = [test for test in dict.fromkeys(tests) if test not in known]
        if missing:
            begin = account().now()
            report = judge(code, missing, self.limits, checker=self.checker)
            known.update(zip(missing, report.results, strict=True))
            account().enter(self._judge_run(code, missing, report.results, begin))
        return [known[test] for test in tests]

    def passes(self, code: str, tests: Sequence[TestCase]) -> bool:
        return all(result.passed for result in self.results(code, tests))

    def passes_all_public(self, code: str) -> bool:
        """Whether `code` is a program that passes every public test."""
        return bool(code.strip()) and self.passes(code, self.public)

    def equals_of(self, code: str) -> list[str]:
        """The programs that pass as many public tests as `code`, itself among them."""
        return [program for program in self.programs if self._passed_public(program) == self._passed_public(code)]

    def anchor(self, code: str, tests: Sequence[TestCase]) -> None:
        """Make anchors of those of `tests` that `code` passes."""
        self.anchors += [test for test in tests if test not in self.anchors and self.passes(code, [test])]

    def nothing_fails(self) -> bool:
        """Whether the best program passes every test the flow has."""
        best = self.best()
        return bool(best) and self.passes(best, self.public) and self.passes(best, self.ai)

    def best(self) -> str:
        """The program that passes most public tests, then most anchors, then most AI tests, then comes closest to the
        public outputs; of equals the latest. Empty when none was taken up.
        """
        if not self.programs:
            return ""
        return max(enumerate(self.programs), key=lambda item: (*self._merit(item[1]), item[0]))[1]

    def note_best(self) -> None:
        """Enter in the account which program would be the answer now."""
        account().best(self.best())

    def distance(self, code: str) -> int:
        """Differing output lines over the public tests; a run that crashed counts as far away."""
        results = zip(self.public, self.results(code, self.public), strict=True)
        return sum(
            CRASHED if result.crashed else differing_lines(result.output, test.output, self.checker)
            for test, result in results
        )

    def _merit(self, code: str) -> tuple[int, ...]:
        public = self._passed_public(code)
        if public < len(self.public):  # AI tests, and anchors among them, decide between good programs only
            return is_python(code), public, 0, 0, -self.distance(code)
        anchors = sum(result.passed for result in self.results(code, self.anchors))
        return is_python(code), public, anchors, sum(result.passed for result in self.results(code, self.ai)), 0

    def _passed_public(self, code: str) -> int:
        return sum(result.passed for result in self.results(code, self.public))

    def _judge_run(self, code, tests, results, begin) -> JudgeRun:
        runs = [
            TestRun(
                input=test.input[:SHOWN_CHARACTERS],
                expected=test.output[:SHOWN_CHARACTERS],
                output=result.output[:SHOWN_CHARACTERS],
                error=result.error[-SHOWN_CHARACTERS:],
                verdict=result.verdict.value,
            )
            for test, result in zip(tests, results, strict=True)
        ]
        return JudgeRun(
            tests="public" if tests[0] in self.public else "ai",
            program=name_of(code),
            verdicts=[run.verdict for run in runs],
            started=begin,
            seconds=account().now() - begin,
            code=code,
            runs=runs,
        )
