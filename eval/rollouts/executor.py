"""Executors run programs: threads of this process, or another `Executor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import dspy
from dspy import AdapterParseError, LMAuthError, LMBillingError, LMConfigurationError, LMError, LMUnsupportedModelError

from eval.rollouts.rollout import Pick, Rollout
from judge.verdict import JudgeError
from program.errors import ModelError, UserError
from program.problem import Problem
from program.rollout.budget import Allowance, Budget, RunBudget
from program.rollout.context import Purpose, context, new_trace, within
from program.rollout.rate_limits import Pace
from program.rollout.trace import Call, Event
from program.stage.program import Program

# Errors of the evaluated program itself: such a rollout has failed. After all other errors (no thread could be started,
# a disk is full, a database is locked) it is not judged.
OWN_FAULTS = (
    *(AssertionError, AttributeError, LookupError, NameError, RecursionError, TypeError, ValueError),
    *(ZeroDivisionError, AdapterParseError),
)
INFRASTRUCTURE = (JudgeError, LMError, ModelError, UserError)  # some of them are a ValueError too
# With a wrong key, an unpaid bill or a missing model, all other rollouts of the run would fail too.
HOPELESS = (LMAuthError, LMBillingError, LMConfigurationError, LMUnsupportedModelError)


class ExecutorError(UserError):
    """The requested executor is not available. The message is one line with the reason."""


@dataclass(frozen=True)
class Arm:
    """A program under evaluation, with its name in reports."""

    name: str
    program: Program


@dataclass(frozen=True)
class Conditions:
    """What all rollouts of a run share: rate limits, budget, and models for later rounds and fixes.

    phase: what calls are paid for; empty if the caller has said it.
    apart: whether each rollout draws its own answers, also to prompts that another rollout has sent.
    """

    pace: Pace = field(default_factory=Pace)
    budget: RunBudget = field(default_factory=lambda: RunBudget(Budget()))
    stronger: dspy.LM | None = None
    repairer: dspy.LM | None = None
    phase: str = ""
    apart: bool = False

    @contextmanager
    def hold(self, arm: Arm, problem: Problem, sample: int) -> Iterator[None]:
        """Apply the conditions to the rollout inside the block."""
        own: dict[str, Any] = {"stronger": self.stronger, "repairer": self.repairer}
        if self.phase:
            own["purpose"] = Purpose(self.phase, arm.name)
        if self.apart:
            own["draws"] = repr((arm.name, problem.name, sample))
        with within(rate_limiter=self.pace, run_budget=self.budget, **own):
            yield


def run_program(
    arm: str, program: dspy.Module, problem: Problem, sample: int, listener: Callable[[Event], None] | None = None
) -> Rollout:
    """Run `program` on `problem`, its only input; the answer is not judged yet. Never raises for one rollout.

    An error is stored with the rollout. An infrastructure error leaves it not judged; an error of the program means
    that it has failed.
    """
    rollout = Rollout(arm=arm, problem=problem.name, sample=sample, status="not judged")
    rollout.draws = allowance.draws if (allowance := context().allowance) else None
    with new_trace() as trace:
        if listener:
            trace.listen(listener)
        try:
            answer = program(problem=problem, sample=sample)
            if not isinstance(answer.code, str):
                raise TypeError(f"the code of the answer is not text but {type(answer.code).__name__}")
            rollout.code = answer.code
            rollout.picks = [Pick(code=code) for code in answer.get("picks", [])]
        except Exception as fault:  # noqa: BLE001  the only boundary: every error of a rollout is stored with it and appears in reports
            failed = isinstance(fault, OWN_FAULTS) and not isinstance(fault, INFRASTRUCTURE)
            rollout.end_with(fault, "failed" if failed else "not judged")
            rollout.hopeless = isinstance(fault, HOPELESS)
    rollout.seconds = trace.now()
    rollout.trace, rollout.totals = trace, trace.totals()
    return rollout


class Executor(Protocol):
    """Runs programs for the rollout loop, many at once. A program gets a `Problem`, never a hidden test. `judge.place`
    decides where the answers are judged.

    Attributes:
        budget: what all rollouts of the run have spent.
        stage: of the last LM call; empty if unknown.
    """

    @property
    def budget(self) -> RunBudget: ...

    @property
    def stage(self) -> str: ...

    def run(self, arm: Arm, problem: Problem, sample: int, allowance: Allowance | None = None) -> Rollout:
        """Run a rollout until it ends, without judging it; called by many threads at once.

        Args:
            arm, problem, sample: of the rollout.
            allowance: its limits; None for those of the program's configuration.

        Raises:
            ModelError: no worker is left, or the owner of the budget is gone.
        """
        ...


class Threads:
    """Runs a program in the calling thread.

    Args:
        lm: of all arms; each arm has its own settings.
        conditions: of the run.
    """

    def __init__(self, lm: dspy.LM, conditions: Conditions | None = None) -> None:
        self._lm = lm
        self._conditions = conditions or Conditions()
        self.stage = ""

    @property
    def budget(self) -> RunBudget:
        return self._conditions.budget

    def run(self, arm: Arm, problem: Problem, sample: int, allowance: Allowance | None = None) -> Rollout:
        # DSPy would keep the last 10,000 prompts and answers twice; the traces have them already.
        with (
            dspy.context(lm=self._lm, disable_history=True),
            self._conditions.hold(arm, problem, sample),
            within(allowance=allowance),
        ):
            return run_program(arm.name, arm.program, problem, sample, self._note)

    def _note(self, event: Event) -> None:
        if isinstance(event, Call):
            self.stage = event.stage
