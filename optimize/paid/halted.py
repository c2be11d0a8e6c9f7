"""How an optimizer is stopped from inside."""

from __future__ import annotations


class Halted(BaseException):
    """Ends an optimizer. Not an `Exception` on purpose: DSPy's optimizers take every exception of a program or a metric
    for a score of zero and go on.

    Args:
        fault: what happened; raised in its place once the optimizer is left.
    """

    def __init__(self, fault: Exception) -> None:
        super().__init__(str(fault))
        self.fault = fault


class CapReached(Halted):
    """The budget of the compilation is spent: no further LM call is made."""

    def __init__(self, said: str) -> None:
        super().__init__(RuntimeError(said))
