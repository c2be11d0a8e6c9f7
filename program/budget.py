"""What one rollout may spend, and what a run may."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pydantic import BaseModel, ConfigDict, Field


class Budget(BaseModel):
    """Hard limits of one rollout, or of a run; None for no limit.

    When one is reached, no further call is begun and the best program so far is the answer. `calls` is never passed;
    `tokens` and `dollars` are known when a call has ended, so calls in flight may pass them; at `seconds` calls in
    flight are left behind.

    calls: to the LM, repeats and repairs of answers included.
    tokens: prompt and answer tokens together.
    dollars: by the price map; calls without a known price count as free.
    seconds: wall clock, since the rollout or the run began.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)
    dollars: float | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0)


class Spending:
    """What all rollouts of a run have spent together, against one budget; shared by their threads.

    Args:
        budget: of the run.
        clock: seconds.
    """

    def __init__(self, budget: Budget, clock: Callable[[], float] = time.monotonic) -> None:
        self.budget = budget
        self._clock, self._begin = clock, clock()
        self._lock = threading.Lock()
        self.calls = self.tokens = 0
        self.dollars = 0.0

    def take_call(self) -> str | None:
        """Count a call that is about to begin; when it must not, the name of the spent resource."""
        with self._lock:
            spent = self._spent()
            self.calls += spent is None
            return spent

    def add(self, tokens: int, dollars: float) -> None:
        """Count what a call has used."""
        with self._lock:
            self.tokens += tokens
            self.dollars += dollars

    def spent(self) -> str | None:
        """The name of a resource that is spent; None while there is something left of all."""
        with self._lock:
            return self._spent()

    def _spent(self) -> str | None:
        used = {
            "calls": self.calls,
            "tokens": self.tokens,
            "dollars": self.dollars,
            "seconds": self._clock() - self._begin,
        }
        return spent_of(used, self.budget)


def spent_of(used: dict[str, float], budget: Budget) -> str | None:
    """The first resource of which `used` has reached the limit of `budget`."""
    limits = budget.model_dump()
    return next((name for name, amount in used.items() if limits[name] is not None and amount >= limits[name]), None)


_run: ContextVar[Spending | None] = ContextVar("spending", default=None)


@contextmanager
def spending_of_run(spending: Spending) -> Iterator[Spending]:
    """All rollouts inside of the block spend from `spending`."""
    token = _run.set(spending)
    try:
        yield spending
    finally:
        _run.reset(token)


def run_spending() -> Spending | None:
    """What the run at hand spends from; None outside of one, and in one without a budget."""
    return _run.get()
