"""The context of a rollout, so that it need not be passed as arguments: its trace, what it shares with the other
rollouts of its run, and what is known about the current call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from program.rollout.budget import Allowance, Budget, RunBudget
from program.rollout.conversation import Conversation, SoFar
from program.rollout.rate_limits import Pace
from program.rollout.trace import Trace

if TYPE_CHECKING:
    import dspy

    from program.problem import AskedFunction


class Purpose(NamedTuple):
    """What a rollout's calls are paid for: the phase of a compilation, and the candidate that is evaluated."""

    phase: str
    candidate: str = ""


@dataclass(frozen=True)
class RolloutContext:
    """The current context. Outside of a rollout it is a default context that nobody reads."""

    trace: Trace = field(default_factory=Trace)
    """trace of the rollout"""
    run_budget: RunBudget | None = None
    """budget of its run; None for none"""
    rate_limiter: Pace = field(default_factory=Pace)
    """rate limiter of its run"""
    stronger: dspy.LM | None = None
    """the model for later rounds and for other calls as configured; None for the main model"""
    repairer: dspy.LM | None = None
    """the model that makes fixes; None for the main model of the round"""
    function: AskedFunction | None = None
    """the function that its problem asks for; None for a program, and outside of a rollout"""
    allowance: Allowance | None = None
    """its limits if a total budget is spread over problems; None for those of its program's configuration"""
    purpose: Purpose | None = None
    """what its calls are paid for; None outside of a compilation or a run"""
    draws: str = ""
    """distinguishes its requests from equal ones of other rollouts; empty if equal requests share one answer"""
    changed: list[Any] | None = None
    """collects how the current call was changed after its model refused it"""
    conversation: Conversation | None = None
    """the conversation that its prompts continue; None if each prompt stands alone"""
    readings: list[Any] | None = None
    """collects how adapters read the answer to the current call"""


_current: ContextVar[RolloutContext | None] = ContextVar("rollout", default=None)


def context() -> RolloutContext:
    """The current context."""
    return _current.get() or RolloutContext()


def trace() -> Trace:
    """The trace of the current rollout; outside of one, a trace that nobody reads."""
    return context().trace


@contextmanager
def within(**changes: Any) -> Iterator[RolloutContext]:
    """Inside the block, change these fields of the current `RolloutContext`."""
    token = _current.set(replace(context(), **changes))
    try:
        yield context()
    finally:
        _current.reset(token)


@contextmanager
def new_trace(**changes: Any) -> Iterator[Trace]:
    """Open a rollout: inside the block `trace()` is a new trace, which also spends from the budget of the run."""
    with within(**changes) as around:
        most = around.allowance.budget if around.allowance else Budget()
        with within(trace=Trace.of(around.run_budget, most)) as opened:
            yield opened.trace


@contextmanager
def stronger_model(wanted: bool) -> Iterator[None]:
    """Use the stronger model, if it is wanted and given; else the current model."""
    with _asking(context().stronger if wanted else None):
        yield


@contextmanager
def model_of_fixes(stronger: bool) -> Iterator[None]:
    """Use the model that fixes programs, if one is given; else like `stronger_model`."""
    with _asking(context().repairer or (context().stronger if stronger else None)):
        yield


@contextmanager
def _asking(lm: dspy.LM | None) -> Iterator[None]:
    import dspy

    if lm is None:
        yield
        return
    with dspy.context(lm=lm):
        yield


@contextmanager
def branch(program: str = "", *, apart: bool = False) -> Iterator[None]:
    """Inside the block, a conversation continues in its own branch, which ends with the block.

    Args:
        program: the branch starts where this program was written, or at the current point if that is unknown.
        apart: whether the branch starts at the problem.
    """
    present = context().conversation
    if present is None:
        yield
        return
    begin = SoFar() if apart else present.written.get(program, present.so_far)
    with within(conversation=Conversation(begin, present.written)):
        yield


@contextmanager
def own_trace() -> Iterator[Trace]:
    """The trace of the current rollout; if none is open, open one."""
    if _current.get() is not None:
        yield trace()
        return
    with new_trace() as opened:
        yield opened
