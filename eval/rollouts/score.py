"""The metric: a program's result on the hidden tests."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

from eval.data.problem_set import DataError, ProblemSet
from judge.cache import VerdictCache, default_cache
from judge.judge import judge
from judge.verdict import Report, TestCase, TestResult, Verdict
from program.problem import Problem

# Samples of one problem and checkpoints of one rollout repeat programs, which are not judged again.
_VERDICTS = VerdictCache()


class SetResult(BaseModel):
    """One program on one set of tests."""

    passed: int
    total: int
    verdict: str


class Score(BaseModel):
    """One program on all the tests of a problem.

    hidden_rate: the share of hidden (private and generated) tests passed, 0 to 1. This is the metric.
    solved: every public and every hidden test passed.
    checker: the rule by which outputs were compared, with the tolerance of the statement.
    isolation: the protection during the run. Both are empty in older runs and without a program.
    """

    public: SetResult
    private: SetResult
    generated: SetResult
    hidden_rate: float
    solved: bool
    judge_seconds: float
    checker: str = ""
    isolation: str = ""


Status = Literal["solved", "failed", "not judged"]


def score(program: str, problem: Problem, problems: ProblemSet) -> Score:
    """Judge `program` on the public and hidden tests of `problem`, by the rules of `problems`. An empty program fails
    all tests.

    Raises:
        DataError: the problem has no hidden tests, so a program that passes the public tests cannot be scored.
        JudgeError: the judge failed; there is no score.
    """
    begin = time.perf_counter()
    hidden = problems.hidden(problem.name)
    if not hidden.all():
        raise DataError(f"{problem.name!r} has no hidden tests")
    reports = [
        _report(program, tests, problem, problems) for tests in (problem.tests(), hidden.private, hidden.generated)
    ]
    public, private, generated = (
        SetResult(passed=each.passed, total=each.total, verdict=each.verdict.value) for each in reports
    )
    rate = (private.passed + generated.passed) / (private.total + generated.total)
    return Score(
        public=public,
        private=private,
        generated=generated,
        hidden_rate=rate,
        solved=rate == 1.0 and public.passed == public.total,
        judge_seconds=time.perf_counter() - begin,
        checker=reports[0].checker,
        isolation=reports[0].isolation,
    )


def passes_all(program: str, tests: Sequence[TestCase], problem: Problem, problems: ProblemSet) -> bool:
    """Whether `program` passes all of these tests of `problem`. The first failed test ends it, which for programs that
    never end saves minutes against `score`. False without tests.

    Raises:
        JudgeError: the judge failed; there is no verdict.
    """
    if not tests or not program.strip():
        return False
    report = _report(program, tests, problem, problems, stop_at_failure=True)
    return report.passed == report.total


def _report(
    program: str, tests: Sequence[TestCase], problem: Problem, problems: ProblemSet, *, stop_at_failure: bool = False
) -> Report:
    if not program.strip():
        return Report([TestResult(Verdict.CE, index=index) for index in range(len(tests))], len(tests))
    return judge(
        problems.with_prelude(program),
        tests,
        problems.rules.limits_for(problem),
        stop_at_failure=stop_at_failure,
        max_timeouts=problems.rules.timeouts,
        texts=False,  # outputs on hidden tests are never stored: they may reveal the tests, and may be large
        checker=problems.checker_for(problem),
        cache=default_cache() or _VERDICTS,
    )
