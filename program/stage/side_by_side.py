"""Run independent steps of one rollout at the same time, with results that do not depend on their timing.

In a conversation each is a branch off the point at which they are begun."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from program.rollout.context import branch, context, within
from program.rollout.conversation import Conversation
from program.undocumented import extend_trace, trace_apart

Result = TypeVar("Result")


class Started(Generic[Result]):
    """A step that has been begun; `result` waits for it."""

    def __init__(self, future: Future[tuple[Result, list]], branch: Conversation | None) -> None:
        self._future = future
        self._branch = branch

    def result(self) -> Result:
        """What the step returned, or its exception. Its calls enter DSPy's trace now, in the order of asking."""
        value, trace = self._future.result()
        extend_trace(trace)
        conversation = context().conversation
        if conversation is not None and self._branch is not None:
            conversation.take_up(self._branch)
        return value


def start(step: Callable[[], Result]) -> Started[Result]:
    """Begin `step` in a thread that sees the LM, the adapter and the trace of this one."""
    conversation = context().conversation
    own = conversation.branch() if conversation else None
    with within(conversation=own):
        around = copy_context()
    pool = ThreadPoolExecutor(1, thread_name_prefix="step")
    future = pool.submit(around.run, _traced, step)
    pool.shutdown(wait=False)
    return Started(future, own)


def together(*steps: Callable[[], Any]) -> list[Any]:
    """The results of all steps, in their order; they run at the same time."""
    if len(steps) == 1:
        with branch():
            return [steps[0]()]
    return [started.result() for started in [start(step) for step in steps]]


def in_turn(*steps: Callable[[], Any]) -> list[Any]:
    """As `together`; in a conversation they are turns of it, one after the other."""
    return together(*steps) if context().conversation is None else [step() for step in steps]


def _traced(step: Callable[[], Result]) -> tuple[Result, list]:
    # Threads that append to one trace would leave it in the order of their answers.
    with trace_apart() as trace:
        return step(), trace
