"""The metric as optimizers want it."""

from __future__ import annotations

import threading
from typing import Any

import dspy

from eval.data import ProblemSet
from eval.score import score


class HiddenPassRate:
    """Hidden-test pass rate of a prediction, 0 to 1; a program that was judged before is not judged again.

    Raises:
        JudgeError: when called and the judge fails; DSPy's optimizers would take it for a zero, ours let it through.
    """

    def __init__(self, problems: ProblemSet) -> None:
        self._problems = problems
        self._known: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def __call__(self, example: dspy.Example, prediction: Any, trace: Any = None) -> float:
        key = (example.problem.name, prediction.code)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = score(prediction.code, example.problem, self._problems).hidden_rate
            with self._lock:
                self._known[key] = known
        return known


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
