"""The feedback on a call for GEPA's reflecting model: the evidence of its stage, and the program's outcome.

It has kinds of failures and the program's own behaviour, never a hidden test.
"""

from __future__ import annotations

from typing import Any

import dspy

from optimize.credit.credit import credit_of
from optimize.credit.episodes import episode_of
from optimize.credit.outcome import feedback
from optimize.job.job import Job
from optimize.job.metric import measured
from optimize.job.run_watcher import run_of
from program.adapters.sections import plain
from program.bench.words import words_for
from program.paid.halted import Halted


class Feedback:
    """The metric for `dspy.GEPA`: a score, and text feedback on request.

    Raises:
        Halted: the judge or this class failed; GEPA would otherwise continue without proposals.
    """

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(
        self, gold: dspy.Example, pred: Any, trace: Any = None, pred_name: str | None = None, pred_trace: Any = None
    ) -> dspy.Prediction:
        if pred_name is None:
            return dspy.Prediction(score=self._job.metric(gold, pred), feedback="")
        try:
            scored = self._job.metric.score(gold.problem, pred.code)
            said = self._about_the_call(gold.problem, pred, pred_name, pred_trace)
        except Exception as fault:
            raise Halted(fault) from fault
        in_words = feedback(said, scored, words_for(gold.problem.function))
        return dspy.Prediction(score=measured(scored, self._job.config.metric), feedback=in_words)

    def _about_the_call(self, problem: Any, prediction: Any, pred_name: str, pred_trace: Any) -> tuple[str, ...]:
        """The evidence of one call."""
        run = run_of(prediction)
        ((_, inputs, outputs),) = pred_trace
        # GEPA uses a placeholder for an unparsed answer.
        if run is None or self._job.rehearsed or not isinstance(outputs, dspy.Prediction):
            return ()
        episode = episode_of(self._job, self._job.student, problem, run.trace)
        asked = pred_name, plain(dict(inputs)), plain(dict(outputs))
        steps = (step for step in episode.steps if (step.predictor, plain(step.inputs), plain(step.outputs)) == asked)
        call = next(steps, None)
        credit = credit_of(call, episode) if call else None
        return credit.evidence if credit else ()
