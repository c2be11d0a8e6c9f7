"""In parallel with the plan: further tests, written by the model."""

from __future__ import annotations

from typing import Any

import dspy

from judge.verdict import TestCase
from program.bench.ai_tests import fits_prompt, usable_tests
from program.rollout.context import stronger_model, trace
from program.rollout.decisions import SeveralAnswersAccepted
from program.steps.config import FlowConfig
from program.steps.task import Notes, Task
from signatures.fields import AITest
from signatures.tests import CheckTests, WriteTests


class AITestWriter(dspy.Module):
    """Writes tests, lets the model check them if configured, and keeps the usable ones."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        if config.ai_tests:
            self.write_tests = config.text_stage(WriteTests, tests=config.ai_tests)
            if config.check_ai_tests:
                self.check_tests = config.text_stage(CheckTests, checked=config.ai_tests)

    def forward(self, task: Task, notes: Notes) -> list[TestCase]:
        """The usable tests; their outputs are claims of the model."""
        count = task.config.ai_tests
        if count and task.problem.accepts_several:
            trace().decide_once(SeveralAnswersAccepted())
            return []
        if not count:
            return []
        asked = {
            "problem": task.text,
            "reflection": notes.reflection,
            "explanations": notes.explanations if task.config.explain_to_tests else [],
        }
        with stronger_model(task.config.stronger_for == "tests"):
            answer = self.write_tests(task.number, **asked, count=count)
            if answer is None:
                return []
            tests = answer.tests[:count]
            if task.config.check_ai_tests:
                tests = self._checked(task, asked, tests)
        return usable_tests(tests, task.problem)

    def _checked(self, task: Task, asked: dict[str, Any], tests: list[AITest]) -> list[AITest]:
        """The tests after the check; long tests are not shown and remain unchanged."""
        shown = [test for test in tests if fits_prompt(test.input + test.output)]
        checked = self.check_tests(task.number, **asked, tests=shown) if shown else None
        if checked is None:
            return tests
        return [*checked.checked[: task.config.ai_tests], *(test for test in tests if test not in shown)]
