"""Runs independent steps of one rollout concurrently. The results do not depend on timing.

In a conversation, each step is a branch from the point where the steps start."""

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
    """A step that was started; `result` waits for it."""

    def __init__(self, future: Future[tuple[Result, list]], branch: Conversation | None) -> None:
        self._future = future
        self._branch = branch

    def result(self) -> Result:
        """Return what the step returned, or raise its exception. This call adds its LM calls to DSPy's trace, so the
        order is that of the calls of `result`."""
        value, trace = self._future.result()
        extend_trace(trace)
        conversation = context().conversation
        if conversation is not None and self._branch is not None:
            conversation.take_up(self._branch)
        return value


def start(step: Callable[[], Result]) -> Started[Result]:
    """Start `step` in a thread with the LM, the adapter and the trace of this one."""
    conversation = context().conversation
    own = conversation.branch() if conversation else None
    with within(conversation=own):
        around = copy_context()
    pool = ThreadPoolExecutor(1, thread_name_prefix="step")
    future = pool.submit(around.run, _traced, step)
    pool.shutdown(wait=False)
    return Started(future, own)


def together(*steps: Callable[[], Any]) -> list[Any]:
    """Run all steps concurrently, and return their results in order."""
    if len(steps) == 1:
        with branch():
            return [steps[0]()]
    return [started.result() for started in [start(step) for step in steps]]


def in_turn(*steps: Callable[[], Any]) -> list[Any]:
    """Like `together`; but in a conversation the steps are consecutive turns."""
    return together(*steps) if context().conversation is None else [step() for step in steps]


def _traced(step: Callable[[], Result]) -> tuple[Result, list]:
    # Threads that append to one trace would leave it in the order of their responses.
    with trace_apart() as trace:
        return step(), trace
