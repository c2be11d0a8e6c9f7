"""The metric for optimizers: the result of a program on the hidden tests, 0 to 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import dspy

from eval.data.problem_set import ProblemSet
from eval.rollouts.score import Score, passes_all, score
from judge.verdict import JudgeError, TestCase
from optimize.job.candidates import Candidates
from optimize.job.run_watcher import run_of
from program.paid.halted import Halted
from program.problem import Problem

# hidden: share of private and generated tests passed; private, generated: only of these; solved: 1 if all tests pass,
# including public ones, else 0.
Measure = Literal["hidden", "private", "generated", "solved"]


def measured(scored: Score, measure: Measure) -> float:
    """The number of a score for a measure."""
    match measure:
        case "hidden":
            return scored.hidden_rate
        case "solved":
            return float(scored.solved)
        case "private" | "generated":
            tests = getattr(scored, measure)
            return tests.passed / tests.total if tests.total else 0.0


class HiddenPassRate:
    """The metric of a prediction, as a number for optimizers. Scores of watched runs are recorded.

    Raises:
        Halted: the judge fails in a call; this must never count as zero.
    """

    def __init__(
        self,
        problems: ProblemSet,
        measure: Measure = "hidden",
        candidates: Candidates | None = None,
        scored: Callable[[Problem, str], Score] | None = None,
    ) -> None:
        self._problems = problems
        self._scored = scored or (lambda problem, code: score(code, problem, problems))
        self._measure: Measure = measure
        self._candidates = candidates

    def __call__(self, example: dspy.Example, prediction: Any, trace: Any = None) -> float:
        value = measured(self.score(example.problem, prediction.code), self._measure)
        run = run_of(prediction)
        if run is not None and self._candidates is not None:
            self._candidates.enter(run.candidate, run.problem, run.name(), value)
        return value

    def score(self, problem: Any, code: str) -> Score:
        """The full score of a program; judged only once, because reports are cached.

        Raises:
            Halted: the judge failed.
        """
        try:
            return self._scored(problem, code)
        except JudgeError as fault:
            raise Halted(fault) from fault

    def is_right(self, problem: Problem, code: str, threshold: float) -> bool:
        """Whether the metric of a program is at least `threshold`. Where all tests must pass, the first failed one
        decides.

        Raises:
            Halted: the judge failed.
        """
        if threshold < 1:
            return measured(self.score(problem, code), self._measure) >= threshold
        hidden = self._problems.hidden(problem.name)
        tests: dict[Measure, Sequence[TestCase]] = {
            "hidden": hidden.all(),
            "private": hidden.private,
            "generated": hidden.generated,
            "solved": [*problem.tests(), *hidden.all()],
        }
        try:
            return passes_all(code, tests[self._measure], problem, self._problems)
        except JudgeError as fault:
            raise Halted(fault) from fault


class Accept:
    """Whether a rollout is good enough to give demonstrations, for `dspy.BootstrapFewShot`.

    A plain bool on purpose: `bool(dspy.Prediction(score=0))` is True, so a metric that returns predictions would accept
    every trace.
    """

    def __init__(self, metric: HiddenPassRate, threshold: float) -> None:
        self._metric = metric
        self._threshold = threshold

    def __call__(self, example: dspy.Example, prediction: Any, trace: Any = None) -> bool:
        return self._metric(example, prediction) >= self._threshold
