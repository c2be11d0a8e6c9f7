"""What is wrong with the folder of a run."""

from __future__ import annotations


class RunError(ValueError):
    """The folder cannot be used for this run; one line that says why."""
