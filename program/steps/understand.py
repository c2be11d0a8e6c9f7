"""The first step: what the problem asks, and why its examples have these outputs."""

from __future__ import annotations

import dspy

from program.rollout.context import trace
from program.rollout.decisions import ExplanationsLeftOut
from program.stage.side_by_side import in_turn
from program.steps.config import FlowConfig
from program.steps.plan import without_repeats
from program.steps.task import Notes, Task
from signatures.understand import CheckExplanations, ExplainTests, ReflectOnProblem

MAX_BULLETS = 5


class Understand(dspy.Module):
    """Reflects on the problem and explains its public tests; concurrently, unless in a conversation."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        self.reflect = config.text_stage(ReflectOnProblem, reflection=MAX_BULLETS)
        self.explain_tests = config.text_stage(ExplainTests, explanations=MAX_BULLETS)
        if config.check_explanations:
            self.check_explanations = config.text_stage(CheckExplanations, checked=MAX_BULLETS)

    def forward(self, task: Task) -> Notes:
        """The notes; a part is empty if no call wrote it."""
        reflection, explanations = in_turn(lambda: self._reflect(task), lambda: self._explain(task))
        if explanations and task.config.check_explanations:
            explanations = self._check(task, reflection, explanations)
        return Notes(reflection, explanations)

    def _reflect(self, task: Task) -> list[str]:
        answer = self.reflect(task.number, problem=task.text)
        return without_repeats(answer.reflection) if answer else []

    def _explain(self, task: Task) -> list[str]:
        if not task.problem.public_tests:
            return []
        answer = self.explain_tests(task.number, problem=task.text)
        return _one_each(answer.explanations, task) if answer else []

    def _check(self, task: Task, reflection: list[str], explanations: list[str]) -> list[str]:
        asked = {"problem": task.text, "reflection": reflection, "explanations": explanations}
        answer = self.check_explanations(task.number, **asked)
        return (_one_each(answer.checked, task) if answer else []) or explanations


def _one_each(explanations: list[str], task: Task) -> list[str]:
    """The explanations, if there is one for each public test in the prompt. With fewer, it is unclear to which test
    they belong; with more, for example one for each case in a test, all are kept."""
    expected = min(len(task.problem.public_tests), MAX_BULLETS)
    if len(explanations) < expected:
        trace().decide(ExplanationsLeftOut(explanations=len(explanations), public_tests=expected))
        return []
    return explanations
