"""Errors that end a command in one line, by what its caller can do about them; see `program.cli.command`."""

from __future__ import annotations


class UserError(ValueError):
    """Bad input: nothing was done, and the line says what to change."""


class ModelError(RuntimeError):
    """The language model cannot be used: no such model, no key, no answer, or nobody left to ask it."""
