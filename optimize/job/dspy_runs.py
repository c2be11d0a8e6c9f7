"""Around every call of an optimizer of DSPy's: a task is submitted once, none is left running, nothing stays as the
optimizer has set it, and what is printed goes into a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import dspy

from optimize.undocumented import submitted_once


@contextmanager
def dspy_run(log: Path) -> Iterator[None]:
    """Run an optimizer of DSPy's inside of this.

    Args:
        log: gets what it prints; its progress bars would stand in ours.
    """
    with (
        submitted_once(),
        dspy.context(disable_history=True),  # the ledger has what was asked and answered
        log.open("a") as file,
        redirect_stdout(file),
        redirect_stderr(file),
    ):
        yield
