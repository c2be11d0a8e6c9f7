"""Runs the programs of one rollout on the tests the flow may see, and remembers how each did."""

from __future__ import annotations

import time
from collections.abc import Sequence

from judge.checker import differing_lines
from judge.judge import judge
from judge.verdict import TestCase, TestResult
from program.account import JudgeRun, TestRun, account, name_of
from program.problem import Problem

SHOWN_CHARACTERS = 2000


class Workbench:
    """All programs seen so far, their results on public and AI tests, and the best of them."""

    def __init__(self, problem: Problem, ai_tests: Sequence[TestCase]) -> None:
        self.public = problem.tests()
        self.ai = list(ai_tests)
        self._limits = problem.limits()
        self._checker = problem.checker()
        self._results: dict[str, dict[TestCase, TestResult]] = {}

    def results(self, code: str, tests: Sequence[TestCase]) -> list[TestResult]:
        """The results of `code` on `tests`; what was run before is not run again."""
        known = self._results.setdefault(code, {})
        missing = [test for test in dict.fromkeys(tests) if test not in known]
        if missing:
            begin = time.perf_counter()
            report = judge(code, missing, self._limits, checker=self._checker)
            known.update(zip(missing, report.results, strict=True))
            kind = "public" if missing[0] in self.public else "ai"
            account().enter(_judge_run(code, kind, missing, report.results, time.perf_counter() - begin))
        return [known[test] for test in tests]

    def passes(self, code: str, tests: Sequence[TestCase]) -> bool:
        return all(result.passed for result in self.results(code, tests))

    def passes_all_public(self, code: str) -> bool:
        return self.passes(code, self.public)

    def best(self) -> str:
        """The program that passes most public tests, then most AI tests, then comes closest; of equals the latest.

        Empty when no program was seen.
        """
        programs = list(self._results)
        if not programs:
            return ""
        return max(enumerate(programs), key=lambda item: (*self._merit(item[1]), item[0]))[1]

    def _merit(self, code: str) -> tuple[int, int, int]:
        public = self.results(code, self.public)
        passed = sum(result.passed for result in public)
        agreed = (
            sum(result.passed for result in self.results(code, self.ai)) if self.ai and passed == len(public) else 0
        )
        return passed, agreed, -self.distance(code)

    def distance(self, code: str) -> int:
        """Differing output lines over the public tests; a run that crashed counts as far away."""
        total = 0
        for test, result in zip(self.public, self.results(code, self.public), strict=True):
            crashed = result.verdict in ("RE", "CE", "TLE", "MLE", "OLE")
            total += 1000 if crashed else differing_lines(result.output, test.output, self._checker)
        return total


def _judge_run(code, kind, tests, results, seconds):
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
        tests=kind,
        program=name_of(code),
        verdicts=[run.verdict for run in runs],
        started=account().now() - seconds,
        seconds=seconds,
        code=code,
        runs=runs,
    )
