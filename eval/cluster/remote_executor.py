"""A cluster as the executor of a run, and as the place where programs are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from eval.cluster.crew import Crew, LostTwice
from eval.cluster.member import WorkerGone
from eval.rollouts.executor import Arm
from eval.rollouts.rollout import Rollout
from judge.verdict import JudgeError, Limits, Report, TestCase
from program.errors import ModelError
from program.problem import Problem
from program.rollout.budget import Allowance, RunBudget
from program.rollout.trace import Trace

RUN_AGAIN = "run again because its first worker was lost"  # the mark of such a rollout
LARGE_CHARACTERS = 50_000  # a larger set of tests is sent to a node only once
STORED_SETS = 256


class ClusterExecutor:
    """An `Executor` and a `judge.place.Place`.

    Args:
        crew: the workers.
        budget: of the run.
        store: puts a large value where every node gets it once, and returns the reference for calls.
    """

    def __init__(self, crew: Crew, budget: RunBudget, store: Callable[[Any], Any]) -> None:
        self._crew = crew
        self._budget = budget
        self.stage = ""  # nodes do not send what their rollouts do
        self._stored = lru_cache(STORED_SETS)(store)

    @property
    def budget(self) -> RunBudget:
        return self._budget

    def run(self, arm: Arm, problem: Problem, sample: int, allowance: Allowance | None = None) -> Rollout:
        try:
            rollout, again = self._crew.call("flow", "run", arm.name, problem, sample, allowance)
        except LostTwice as fault:
            lost = Rollout(arm=arm.name, problem=problem.name, sample=sample, status="not judged")
            lost.error, lost.trace = f"LostTwice: {fault}", Trace(marks=[RUN_AGAIN])
            return lost
        except WorkerGone as fault:
            raise ModelError(str(fault)) from fault
        if again:
            rollout.trace.mark(RUN_AGAIN)
        return rollout

    @property
    def workers(self) -> int:
        """More than the current nodes take, so that nodes that join also get work."""
        return 4 * self._crew.room("judge")

    def judge(self, program: str, tests: Sequence[TestCase], limits: Limits, **options: Any) -> Report:
        large = sum(len(test.input) + len(test.output) for test in tests) > LARGE_CHARACTERS
        given = self._stored(tuple(tests)) if large else tests
        try:
            report, again = self._crew.call("judge", "judge", program, given, limits, **options)
        except WorkerGone as fault:
            raise JudgeError(str(fault)) from fault
        return replace(report, retries=report.retries + again)

    def close(self) -> None:
        self._crew.close()
