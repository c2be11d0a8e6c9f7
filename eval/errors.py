"""The error of a run's folder."""

from __future__ import annotations

from program.errors import UserError


class RunError(UserError):
    """The folder cannot be used for this run. The message is one line with the reason."""
