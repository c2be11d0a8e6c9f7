"""Reflexion (Shinn et al., arXiv 2303.11366): write, run, derive a verbal lesson from the failure, write again."""

from __future__ import annotations

import dspy
from pydantic import Field

from program.bench.failure import describe_failure
from program.bench.readings import by_public_tests
from program.bench.workbench import Workbench
from program.problem import Problem
from program.rollout.context import trace
from program.stage.config import ReasoningConfig
from program.stage.program import Program
from signatures.code import DrawLesson, SolveWithLessons

MAX_BULLETS = 3


class ReflexionConfig(ReasoningConfig):
    """The keys of Reflexion, besides the keys of every program."""

    attempts: int = Field(default=4, ge=1)
    """maximum number of programs written"""
    memory: int = Field(default=3, ge=1)
    """number of latest attempts whose lessons are kept"""


class Reflexion(Program):
    """Takes a statement and public tests, and returns the best program of a few attempts."""

    continued_by = "attempts"

    def __init__(self, config: ReflexionConfig | None = None) -> None:
        super().__init__(config or ReflexionConfig())
        self.solve = self.config.code_stage(SolveWithLessons)
        if self.config.attempts == 1:
            self.continued_by = ""  # it has no calls for lessons
        else:
            self.draw_lesson = self.config.text_stage(DrawLesson, lesson=MAX_BULLETS)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        """`code` in the prediction: the best program; empty if no call wrote one."""
        trace().limit(self.config.budget)
        bench = Workbench(problem)
        text, lessons = problem.text(), []
        for attempt in range(self.draws):
            kept = [point for lesson in lessons[-self.config.memory :] for point in lesson]
            answer = self.solve(sample, attempt, by_public_tests(bench), problem=text, lessons=kept)
            code = bench.add(answer.code if answer else "", "redraw" if attempt else "first")
            if bench.passes_all_public(code) or trace().spent():
                break
            if code and attempt + 1 < self.draws:
                lessons.append(self._lesson(sample, attempt, text, kept, code, bench))
        return dspy.Prediction(code=bench.best())

    def _lesson(
        self, sample: int, attempt: int, text: str, lessons: list[str], code: str, bench: Workbench
    ) -> list[str]:
        results = zip(bench.public, bench.results(code, bench.public), strict=True)
        test, result = next((test, result) for test, result in results if not result.passed)
        failure = describe_failure(test, result, "one of several" if bench.several else "example", words=bench.words)
        answer = self.draw_lesson(sample, attempt, problem=text, lessons=lessons, code=code, failure=failure)
        return answer.lesson if answer else []
