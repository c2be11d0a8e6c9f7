"""The true solved rate of a program with the simulated LM, which knows for every program whether it is right.

For simple strategies it is computed (`drawn_rate`); for others it is estimated by running them (`true_rate`), without
hidden tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import fmean
from typing import NamedTuple

import dspy

from eval.data.problem_set import ProblemSet
from eval.rollouts.executor import run_program
from eval.rollouts.rollout import Rollout
from eval.simulated.chances import skill_on
from eval.simulated.lm import SimulatedEngine
from eval.simulated.remembered_tests import RememberedTests
from eval.simulated.skills import Skills
from eval.simulated.truth import Truth
from judge.place import default_place, judging_at
from judge.shared import default_workers
from program.errors import ModelError
from program.problem import Problem
from program.stage.program import Program
from program.undocumented import DrawingLM

# Above the samples of any compilation or evaluation, so that luck in a selection does not affect the measurement.
FIRST_SAMPLE = 1_000_000
SWIFT = {"latency_seconds": 0.0, "requests_per_minute": 0, "fault_rate": 0.0, "timeout_rate": 0.0}


class TrueRate(NamedTuple):
    """The true rate of one program with one model, over a fixed set of problems.

    solved: probability of a right program, averaged over the problems.
    error: its standard error; 0 if computed exactly.
    calls, tokens: means per rollout.
    """

    solved: float
    error: float
    calls: float
    tokens: float


def true_rate(
    program: Program, problems: ProblemSet, skills: Skills, draws: int = 20, demo_problems: Sequence[ProblemSet] = ()
) -> TrueRate:
    """Run `program` on every problem, with fresh answers.

    Calls inside `judging_at(RememberedTests())` share the results of programs on public tests.

    Args:
        program: to run.
        problems: need known programs.
        skills: of the model, including its seed (with `steady` it decides which problems are hard). Faults and latency
            are ignored, because they change no answer.
        draws: rollouts per problem, at least 2.
        demo_problems: see `SimulatedEngine`.

    Raises:
        DataError: a problem has no right or no wrong program.
        ModelError: a rollout ended with an error.
    """
    engine = SimulatedEngine(problems, skills.model_copy(update=SWIFT), demo_problems)
    lm = DrawingLM(engine.model, engine=engine, cache=False)

    def one(task: tuple[Problem, int]) -> Rollout:
        problem, sample = task
        with dspy.context(lm=lm, disable_history=True):
            return run_program("", program, problem, sample)

    tasks = [(each, FIRST_SAMPLE + draw) for each in problems.problems for draw in range(draws)]
    with judging_at(default_place() or RememberedTests()), ThreadPoolExecutor(default_workers()) as threads:
        rollouts = list(threads.map(one, tasks))
    if fault := next((each.error for each in rollouts if each.error), ""):
        raise ModelError(f"a rollout of the simulated LM failed: {fault}")
    right = dict.fromkeys((each.name for each in problems.problems), 0)
    for each in rollouts:
        right[each.problem] += engine.solves(each.problem, each.code)
    shares = [hits / draws for hits in right.values()]
    return TrueRate(
        solved=fmean(shares),
        error=math.sqrt(sum(share * (1 - share) for share in shares) / (draws - 1)) / len(shares),
        calls=fmean(each.totals.calls for each in rollouts),
        tokens=fmean(each.totals.all_tokens for each in rollouts),
    )


def drawn_rate(problems: ProblemSet, skills: Skills, draws: int = 1, gain: float = 0.0) -> float:
    """The mean probability that the first of `draws` programs that passes the public tests solves the problem: the true
    rate of `Direct` (one draw), and of `Sampling` that stops at the first passing program.

    Args:
        problems: with known programs.
        skills: of the model.
        draws: programs written from the statement alone, at least 1.
        gain: added to `code_right` by the prompt's instructions, demonstrations or order.

    Raises:
        DataError: a problem has no right or no wrong program.
    """
    truth, mean = Truth([problems]), min(1.0, max(0.0, skills.code_right + gain))
    return fmean(_first_passing(each.name, mean, skills, draws, truth) for each in problems.problems)


def _first_passing(name: str, mean: float, skills: Skills, draws: int, truth: Truth) -> float:
    """The probability that the first passing program is right; for a single draw, that the program is right."""
    right = skill_on(name, mean, skills) * (1 - skills.odd_form)
    wrong = (1 - right) * _wrong_passes(name, skills, truth)
    read = 1 - skills.format_broken
    ends = read * (right + wrong)  # the probability that a draw is the last
    return read * right * sum((1 - ends) ** draw for draw in range(draws))


def _wrong_passes(name: str, skills: Skills, truth: Truth) -> float:
    """The probability that a wrong program passes the public tests."""
    if skills.public_only is not None:
        return skills.public_only
    return fmean(truth.passes_public(name, each) for each in truth.known(name).wrong)
