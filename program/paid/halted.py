"""Exceptions that end all paid calls."""

from __future__ import annotations


class Halted(BaseException):
    """Ends an optimizer or a run. Deliberately not an `Exception`: DSPy's optimizers count every exception of a program
    or a metric as a score of zero and continue.

    Args:
        fault: the cause; it is raised instead after the optimizer or the run has been left.
    """

    def __init__(self, fault: Exception) -> None:
        super().__init__(str(fault))
        self.fault = fault


class CapReached(Halted):
    """The budget is spent: no further LM call is made.

    Args:
        resource: the spent resource, by its name in `program.rollout.budget.Budget`.
        said: the message.
    """

    def __init__(self, resource: str, said: str) -> None:
        super().__init__(RuntimeError(said))
        self.resource = resource
        self.said = said

    def __reduce__(self):
        return type(self), (self.resource, self.said)


class NotAsked(BaseException):
    """Like `CapReached`, for one request: the caller continues without the answer, and returns what it has."""

    def __init__(self, resource: str, said: str) -> None:
        super().__init__(said)
        self.resource = resource
