"""What a rollout finds wherever it is, so that nobody need hand it through: its trace, what it shares with the other
rollouts of its run, and what is known of the call that is being made."""

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
    """What the calls of a rollout are paid for: the phase of a compilation, and the candidate that is tried."""

    phase: str
    candidate: str = ""


@dataclass(frozen=True)
class RolloutContext:
    """The current context; outside of a rollout one that nobody reads."""

    trace: Trace = field(default_factory=Trace)
    """of the rollout"""
    run_budget: RunBudget | None = None
    """of its run; None for none"""
    rate_limiter: Pace = field(default_factory=Pace)
    """of its run"""
    stronger: dspy.LM | None = None
    """the model that a flow asks in later rounds and for what its configuration says; None for the usual one"""
    repairer: dspy.LM | None = None
    """the model that makes fixes; None for the usual one of the round"""
    function: AskedFunction | None = None
    """what its problem asks for; None for a program, and outside of a rollout"""
    allowance: Allowance | None = None
    """what it may do, where a total is spread over problems; None for what its program's configuration says"""
    purpose: Purpose | None = None
    """what it is paid for; None outside of a compilation or a run"""
    draws: str = ""
    """tells its requests from equal ones of other rollouts; empty where equal requests shall have one answer"""
    changed: list[Any] | None = None
    """collects how the call that is being made was changed and sent again, as its model refused it as it was"""
    conversation: Conversation | None = None
    """that its prompts go on with; None where each stands alone"""
    readings: list[Any] | None = None
    """collects what adapters read out of the answer to the call that is being made"""


_current: ContextVar[RolloutContext | None] = ContextVar("rollout", default=None)


def context() -> RolloutContext:
    """The current context."""
    return _current.get() or RolloutContext()


def trace() -> Trace:
    """The trace of the current rollout; outside of one, a trace nobody reads."""
    return context().trace


@contextmanager
def within(**changes: Any) -> Iterator[RolloutContext]:
    """Inside of the block the current context has these fields of `RolloutContext`, and all others as before."""
    token = _current.set(replace(context(), **changes))
    try:
        yield context()
    finally:
        _current.reset(token)


@contextmanager
def new_trace(**changes: Any) -> Iterator[Trace]:
    """Open a rollout: inside of the block `trace()` is a new trace, which spends from the budget of the run too."""
    with within(**changes) as around:
        most = around.allowance.budget if around.allowance else Budget()
        with within(trace=Trace.of(around.run_budget, most)) as opened:
            yield opened.trace


@contextmanager
def stronger_model(wanted: bool) -> Iterator[None]:
    """The stronger model, where it is wanted and one is given; else the one that is asked anyway."""
    with _asking(context().stronger if wanted else None):
        yield


@contextmanager
def model_of_fixes(stronger: bool) -> Iterator[None]:
    """The model that fixes programs, where one is given for it; else as `stronger_model`."""
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
    """Inside of the block a conversation goes on in a branch of its own, which ends with the block.

    Args:
        program: where it was written the branch begins; at the present point where that is not known.
        apart: whether it begins at the problem.
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
    """The trace of the current rollout; where none is open, that of a new one."""
    if _current.get() is not None:
        yield trace()
        return
    with new_trace() as opened:
        yield opened
