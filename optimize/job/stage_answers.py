"""Answers of a single stage to known inputs, without a rollout."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import dspy

from optimize.job.job import Job
from optimize.job.stages import stages_of
from program.bench.readings import by_public_tests
from program.bench.workbench import Workbench
from program.errors import ModelError
from program.paid.halted import Halted
from program.problem import Problem
from program.rollout.context import Purpose, new_trace
from program.rollout.trace import Call, outage_of
from program.stage.program import Program


@dataclass(frozen=True)
class StageQuestion:
    """A question to a stage.

    problem: of the rollout that it belongs to.
    inputs: all fields of the signature.
    draw: distinguishes equal questions; from 1 on they use the temperature of repeats.
    """

    problem: Problem
    inputs: dict[str, Any]
    draw: int = 0


@dataclass(frozen=True)
class StageAnswer:
    """The answer of a stage.

    prediction: None if no call gave a readable answer.
    calls: made for it.
    """

    prediction: dspy.Prediction | None
    calls: list[Call]


def stage_answers(
    job: Job, program: Program, lm: dspy.LM, stage: str, questions: Sequence[StageQuestion], phase: str
) -> list[StageAnswer]:
    """The answers of a stage, requested in parallel, in the order of the questions. Answers in the ledger are not paid
    again.

    Args:
        job: the compilation.
        program: has the stage.
        lm: the model.
        stage: the name of its signature.
        questions: with all inputs.
        phase: of the paid calls.

    Raises:
        Halted: a cap is reached, or the model is out of reach, so that its answer is unknown.
    """
    asked = next(each for _, each in stages_of(program) if each.name == stage)

    def one(question: StageQuestion) -> StageAnswer:
        settings: Any = {"rate_limiter": job.pace, "purpose": Purpose(phase)}
        with (
            dspy.context(lm=lm, disable_history=True),
            new_trace(**settings) as trace,
            program.at_home(question.problem),
        ):
            choose = by_public_tests(Workbench(question.problem))
            prediction = asked(0, question.draw, choose, **question.inputs)
        if lost := outage_of(trace):
            raise Halted(ModelError(f"{stage} got no answer ({lost}); the same command resumes"))
        return StageAnswer(prediction, trace.calls)

    with ThreadPoolExecutor(job.config.concurrency) as threads:
        return list(threads.map(one, questions))
