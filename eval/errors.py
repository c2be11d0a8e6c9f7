"""What is wrong with the folder of a run."""

from __future__ import annotations

from program.errors import UserError


class RunError(UserError):
    """The folder cannot be used for this run; one line that says why."""
