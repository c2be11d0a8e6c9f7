"""The exceptions that say that nothing more is paid."""

from __future__ import annotations


class Halted(BaseException):
    """Ends an optimizer or a run. Not an `Exception` on purpose: DSPy's optimizers take every exception of a program or
    a metric for a score of zero and go on.

    Args:
        fault: what happened; raised in its place once the optimizer or the run is left.
    """

    def __init__(self, fault: Exception) -> None:
        super().__init__(str(fault))
        self.fault = fault


class CapReached(Halted):
    """The budget is spent: no further LM call is made.

    Args:
        resource: of which nothing is left, by its name in `program.rollout.budget.Budget`.
        said: in words.
    """

    def __init__(self, resource: str, said: str) -> None:
        super().__init__(RuntimeError(said))
        self.resource = resource
        self.said = said

    def __reduce__(self):
        return type(self), (self.resource, self.said)


class NotAsked(BaseException):
    """As `CapReached`, for one request: who wanted to send it does without, and ends with what there is."""

    def __init__(self, resource: str, said: str) -> None:
        super().__init__(said)
        self.resource = resource
