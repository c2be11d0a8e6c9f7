"""Around every call of an optimizer of DSPy's: a task is submitted once, none is left running, and what is printed goes
into a file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import dspy.evaluate.evaluate as evaluating
import dspy.predict.parallel as running
from dspy.utils.parallelizer import ParallelExecutor

EXECUTING: tuple[Any, ...] = (evaluating, running)  # the modules that run tasks side by side


class SubmitOnce(ParallelExecutor):
    """DSPy submits a task once more when it takes 120 s and few others are left, so that a slow problem would be paid
    for twice; `dspy.Evaluate` has no switch for it. And where an optimizer is halted it leaves tasks running, which
    would go on paying when nobody counts any more."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "timeout": 0})

    def execute(self, function: Callable[[Any], Any], data: Sequence[Any]) -> Any:
        """The results; returns or raises when no task is running."""
        running, changed = 0, threading.Condition()

        def counted(item: Any) -> Any:
            nonlocal running
            with changed:
                if self.cancel_jobs.is_set():
                    return None
                running += 1
            try:
                return function(item)
            finally:
                with changed:
                    running -= 1
                    changed.notify_all()

        try:
            return super().execute(counted, data)
        except BaseException:
            with changed:
                self.cancel_jobs.set()
            raise
        finally:
            with changed:
                changed.wait_for(lambda: running == 0)


@contextmanager
def dspy_run(log: Path) -> Iterator[None]:
    """Run an optimizer of DSPy's inside of this.

    Args:
        log: gets what it prints; its progress bars would stand in ours.
    """
    own = [module.ParallelExecutor for module in EXECUTING]
    for module in EXECUTING:
        module.ParallelExecutor = SubmitOnce
    try:
        with log.open("a") as file, redirect_stdout(file), redirect_stderr(file):
            yield
    finally:
        for module, before in zip(EXECUTING, own, strict=True):
            module.ParallelExecutor = before
