"""The metric: how a program does on the hidden tests."""

from __future__ import annotations

import time
from typing import Literal

from pydantic import BaseModel

from eval.data import ProblemSet
from judge.cache import verdicts_only
from judge.judge import judge
from judge.verdict import TestCase
from program.problem import Problem


class SetResult(BaseModel):
    """One program on one set of tests."""

    passed: int
    total: int
    verdict: str


class Score(BaseModel):
    """One program on all the tests of a problem.

    hidden_rate: passed hidden (private and generated) tests over all of them, 0 to 1. This is the metric.
    solved: every public and every hidden test passed.
    """

    public: SetResult
    private: SetResult
    generated: SetResult
    hidden_rate: float
    solved: bool
    judge_seconds: float


Status = Literal["solved", "failed", "not judged"]


def score(program: str, problem: Problem, problems: ProblemSet) -> Score:
    """Judge `program` on the public and the hidden tests of `problem`; an empty program fails them all.

    Raises:
        JudgeError: the judge failed; there is no score.
    """
    begin = time.perf_counter()
    hidden = problems.hidden(problem.name)
    public = _judge(program, problem.tests(), problem)
    private = _judge(program, list(hidden.private), problem)
    generated = _judge(program, list(hidden.generated), problem)
    total = private.total + generated.total
    rate = (private.passed + generated.passed) / total if total else 0.0
    return Score(
        public=public,
        private=private,
        generated=generated,
        hidden_rate=rate,
        solved=total > 0 and rate == 1.0 and public.passed == public.total,
        judge_seconds=time.perf_counter() - begin,
    )


def _judge(program: str, tests: list[TestCase], problem: Problem) -> SetResult:
    if not program.strip():
        return SetResult(passed=0, total=len(tests), verdict="CE")
    # What programs print on hidden tests is kept nowhere: it may show the tests.
    report = judge(program, tests, problem.limits(), checker=problem.checker(), cache=verdicts_only())
    return SetResult(passed=report.passed, total=report.total, verdict=report.verdict.value)
