"""The metric as optimizers want it: how a program does on the hidden tests, 0 to 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import dspy

from eval.data.problem_set import ProblemSet
from eval.rollouts.score import Score, score
from judge.verdict import JudgeError
from optimize.job.candidates import Candidates
from optimize.job.run_watcher import run_of
from program.paid.halted import Halted
from program.problem import Problem

# hidden: private and generated tests passed, over all of them; private, generated: of these only; solved: 1 when every
# test is passed, public ones too, else 0.
Measure = Literal["hidden", "private", "generated", "solved"]


def measured(scored: Score, measure: Measure) -> float:
    """One number out of a score."""
    match measure:
        case "hidden":
            return scored.hidden_rate
        case "solved":
            return float(scored.solved)
        case "private" | "generated":
            tests = getattr(scored, measure)
            return tests.passed / tests.total if tests.total else 0.0


class HiddenPassRate:
    """The metric of a prediction, for optimizers that want a number; scores of watched runs are entered.

    Raises:
        Halted: when called and the judge fails, which may never count as a zero.
    """

    def __init__(
        self,
        problems: ProblemSet,
        measure: Measure = "hidden",
        candidates: Candidates | None = None,
        scored: Callable[[Problem, str], Score] | None = None,
    ) -> None:
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
        """The whole score of a program; judged once, as reports are kept.

        Raises:
            Halted: the judge failed.
        """
        try:
            return self._scored(problem, code)
        except JudgeError as fault:
            raise Halted(fault) from fault


class Accept:
    """Whether a rollout is good enough to give demonstrations, as `dspy.BootstrapFewShot` asks it.

    A plain bool on purpose: `bool(dspy.Prediction(score=0))` is True, so a metric that returns predictions would accept
    every trace.
    """

    def __init__(self, metric: HiddenPassRate, threshold: float) -> None:
        self._metric = metric
        self._threshold = threshold

    def __call__(self, example: dspy.Example, prediction: Any, trace: Any = None) -> bool:
        return self._metric(example, prediction) >= self._threshold
