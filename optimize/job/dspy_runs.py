"""The environment of every DSPy optimizer: tasks are submitted once, none is left running, global settings are
restored, and output goes into a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import dspy

from optimize.undocumented import submitted_once


@contextmanager
def dspy_run(log: Path) -> Iterator[None]:
    """Run a DSPy optimizer inside this block.

    Args:
        log: gets its output, because its progress bars would disturb ours.
    """
    with (
        submitted_once(),
        dspy.context(disable_history=True),  # the ledger has all prompts and answers
        log.open("a") as file,
        redirect_stdout(file),
        redirect_stderr(file),
    ):
        yield
