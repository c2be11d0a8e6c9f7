"""Rollouts as they are looked at for credit: with the values of every field, not only the texts of the prompts.

DSPy's trace of a run has them. A rollout that was run before is played again to get it: its LM answers are in the
ledger, its judge runs too, so that costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dspy

from eval.rollouts.rollout import Rollout
from optimize.credit.evidence import Episode, Step, plain
from optimize.job.job import Job
from optimize.job.metric import measured
from optimize.job.stages import stages_of
from program.problem import Problem
from program.rollout.context import new_trace
from program.rollout.trace import Trace


def replay(job: Job, rollouts: Sequence[Rollout]) -> list[Episode]:
    """The episodes of stored rollouts of the teacher, in their order; those of one problem know of each other."""
    with ThreadPoolExecutor(job.config.concurrency) as threads:
        episodes = list(threads.map(lambda rollout: _replayed(job, rollout), rollouts))
    for episode in episodes:
        episode.others = [e for e in episodes if e is not episode and e.problem.name == episode.problem.name]
    return episodes


def episode_of(
    job: Job, problem: Problem, dspy_trace: Sequence[tuple[Any, dict[str, Any], Any]], trace: Trace
) -> Episode:
    """The episode of a run.

    Args:
        job: whose problems and metric these are.
        problem: what was asked.
        dspy_trace: of predictors, inputs and outputs.
        trace: of the run.
    """
    predictors = {stage.name: f"{name}.predict" for name, stage in stages_of(job.student)}
    steps = []
    for predictor, inputs, outputs in dspy_trace:
        stage = predictor.stage
        if not hasattr(outputs, "completion_text"):  # GEPA's stand-in for an answer that was not read
            steps.append(Step(stage, predictors[stage], dict(inputs), dict(outputs)))
    return Episode(
        problem=problem,
        known=job.problems.known(problem.name),
        hidden=frozenset(plain(test.input) for test in job.problems.hidden(problem.name).all()),
        steps=steps,
        trace=trace,
        score=lambda code: job.metric.score(problem, code),
        threshold=job.config.tuning.threshold,
        measure=lambda scored: measured(scored, job.config.metric),
    )


def _replayed(job: Job, rollout: Rollout) -> Episode:
    problem = job.problems.problem(rollout.problem)
    own = dspy.context(lm=job.teacher_lm, trace=[])
    with own, new_trace(rate_limiter=job.pace) as trace:
        job.teacher(problem=problem, sample=rollout.sample)
        dspy_trace = list(dspy.settings.trace)
    return episode_of(job, problem, dspy_trace, trace)
