"""What runs programs: threads of this process, or what else has the form of an `Executor`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import dspy

from eval.rollouts.rollout import Rollout, run_program
from program.errors import UserError
from program.problem import Problem
from program.rollout.budget import Budget, RunBudget
from program.rollout.context import Purpose, within
from program.rollout.rate_limits import Pace
from program.stage.program import Program


class ExecutorError(UserError):
    """The executor that was asked for cannot be had; one line that says why."""


@dataclass(frozen=True)
class Arm:
    """A program under evaluation, by the name it has in reports."""

    name: str
    program: Program


@dataclass(frozen=True)
class Conditions:
    """What all rollouts of a run share: how fast and how much they may ask, and models for later rounds and fixes.

    apart: whether each rollout draws answers of its own, also to what another has asked.
    """

    pace: Pace = field(default_factory=Pace)
    budget: RunBudget = field(default_factory=lambda: RunBudget(Budget()))
    stronger: dspy.LM | None = None
    repairer: dspy.LM | None = None
    apart: bool = False

    @contextmanager
    def hold(self, arm: Arm, problem: Problem, sample: int) -> Iterator[None]:
        """The rollout inside of the block keeps to them."""
        own: dict[str, Any] = {"stronger": self.stronger, "repairer": self.repairer}
        if self.apart:
            own |= {"draws": repr((arm.name, problem.name, sample)), "purpose": Purpose("rollouts", arm.name)}
        with within(rate_limiter=self.pace, run_budget=self.budget, **own):
            yield


class Executor(Protocol):
    """Runs programs for the rollout loop, many at once. What it runs gets a `Problem`, never a hidden test; where the
    programs that come out are judged is up to `judge.place`.

    Attributes:
        budget: what all rollouts of the run have spent.
    """

    @property
    def budget(self) -> RunBudget: ...

    def run(self, arm: Arm, problem: Problem, sample: int) -> Rollout:
        """A rollout that has ended and is not judged yet; called by many threads at once.

        Raises:
            ModelError: nobody is left to run it, or the owner of the budget is gone.
        """
        ...


class Threads:
    """Runs a program in the thread that asks for it.

    Args:
        lm: of all arms; each brings settings of its own.
        conditions: of the run.
    """

    def __init__(self, lm: dspy.LM, conditions: Conditions | None = None) -> None:
        self._lm = lm
        self._conditions = conditions or Conditions()

    @property
    def budget(self) -> RunBudget:
        return self._conditions.budget

    def run(self, arm: Arm, problem: Problem, sample: int) -> Rollout:
        # DSPy would keep the last 10,000 prompts and answers, twice over; they are in the traces.
        with dspy.context(lm=self._lm, disable_history=True), self._conditions.hold(arm, problem, sample):
            return run_program(arm.name, arm.program, problem, sample)
