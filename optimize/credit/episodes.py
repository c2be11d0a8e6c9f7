"""Rollouts as input for credit: their calls with the values of all fields, from stored traces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from eval.errors import RunError
from eval.rollouts.rollout import Rollout
from eval.rollouts.trace_files import read_trace
from optimize.credit.evidence import Episode, Step
from optimize.job.job import Job
from optimize.job.metric import measured
from optimize.job.stages import signature_of, stages_of
from program.answers.coercions import normalized
from program.problem import Problem
from program.rollout.trace import Call, Trace
from program.stage.program import Program


def stored_episodes(job: Job, program: Program, rollouts: Sequence[tuple[Path, Rollout]]) -> list[Episode]:
    """The episodes of stored rollouts, in order. Episodes of one problem refer to each other.

    Args:
        job: has the problems and the metric.
        program: has the stages.
        rollouts: each with the folder of its run.

    Raises:
        RunError: a trace is from before calls stored their fields.
    """
    episodes = []
    for run, rollout in rollouts:
        trace = Trace(events=read_trace(run, *rollout.key()))
        episodes.append(episode_of(job, program, job.problems.problem(rollout.problem), trace, rollout.sample))
    for episode in episodes:
        episode.others = [e for e in episodes if e is not episode and e.problem.name == episode.problem.name]
    return episodes


def episode_of(job: Job, program: Program, problem: Problem, trace: Trace, sample: int = 0) -> Episode:
    """The episode of a rollout.

    Args:
        job: has the problems and the metric.
        program: has the stages.
        problem: of the rollout.
        trace: with all texts.
        sample: the number of the rollout.

    Raises:
        RunError: the trace's calls do not have their fields.
    """
    read = [call for call in trace.calls if call.outputs]
    if not read and any(call.outcome == "ok" for call in trace.calls):
        raise RunError(f"{problem.name}: the trace of this rollout has no fields; run it again")
    stages = {stage.name: (name, signature_of(stage.predict)) for name, stage in stages_of(program)}
    return Episode(
        problem=problem,
        known=job.problems.known(problem.name),
        hidden=frozenset(normalized(test.input) for test in job.problems.hidden(problem.name).all()),
        steps=[
            _step(call, *stages[call.stage])
            for call in sorted(read, key=lambda call: call.started)
            if call.stage in stages  # a stored run may use another strategy
        ],
        trace=trace,
        score=lambda code: job.metric.score(problem, code),
        is_right=lambda code: job.metric.is_right(problem, code, job.config.tuning.threshold),
        threshold=job.config.tuning.threshold,
        measure=lambda scored: measured(scored, job.config.metric),
        sample=sample,
    )


def _step(call: Call, predictor: str, signature: Any) -> Step:
    inputs, outputs = (
        typed(signature, values, fields)
        for values, fields in ((call.inputs, signature.input_fields), (call.outputs, signature.output_fields))
    )
    return Step(call.stage, predictor, inputs, outputs)


def typed(signature: Any, values: Any, fields: Iterable[str]) -> dict[str, Any]:
    """Some fields of a signature with stored values, converted to their types."""
    types = _types(signature)
    return {name: types[name].validate_python(values[name]) for name in fields}


@cache
def _types(signature: Any) -> dict[str, TypeAdapter]:
    """Readers for the stored values of a signature's fields; cached, because pydantic compiles each."""
    return {name: TypeAdapter(field.annotation) for name, field in signature.fields.items()}
