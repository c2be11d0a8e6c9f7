"""Run independent steps of one rollout at the same time, with results that do not depend on their timing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from program.undocumented import extend_trace, trace_apart

Result = TypeVar("Result")


class Started(Generic[Result]):
    """A step that has been begun; `result` waits for it."""

    def __init__(self, future: Future[tuple[Result, list]]) -> None:
        self._future = future

    def result(self) -> Result:
        """What the step returned, or its exception. Its calls enter DSPy's trace now, in the order of asking."""
        value, trace = self._future.result()
        extend_trace(trace)
        return value


def start(step: Callable[[], Result]) -> Started[Result]:
    """Begin `step` in a thread that sees the LM, the adapter and the trace of this one."""
    context = copy_context()
    pool = ThreadPoolExecutor(1, thread_name_prefix="step")
    future = pool.submit(context.run, _traced, step)
    pool.shutdown(wait=False)
    return Started(future)


def together(*steps: Callable[[], Any]) -> list[Any]:
    """The results of all steps, in their order; they run at the same time."""
    if len(steps) == 1:
        return [steps[0]()]
    return [started.result() for started in [start(step) for step in steps]]


def _traced(step: Callable[[], Result]) -> tuple[Result, list]:
    # Threads that append to one trace would leave it in the order of their answers.
    with trace_apart() as trace:
        return step(), trace
