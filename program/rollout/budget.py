"""What one rollout may spend, and what a run may."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from pydantic import BaseModel, ConfigDict, Field

# The names that the limits of a run have as options and keys of a configuration.
OPTIONS = {"calls": "max_calls", "tokens": "max_tokens", "dollars": "max_usd", "seconds": "max_seconds"}
MOST_DRAWS = 1000  # of a rollout whose draws are allowed one by one
NOT_IN_TIME = "no answer within the budget of seconds"  # what is said of a call that was left behind


class Budget(BaseModel):
    """Hard limits of one rollout, or of a run; None for no limit.

    When one is reached, no further call is begun and the best program so far is the answer. `calls` is never passed;
    `tokens` and `dollars` are known when a call has ended, so calls in flight may pass them; at `seconds` calls in
    flight are left behind.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    calls: int | None = Field(default=None, ge=1)
    """calls to the LM, repeats and repairs of answers included"""
    tokens: int | None = Field(default=None, ge=1)
    """prompt and answer tokens together"""
    dollars: float | None = Field(default=None, gt=0)
    """dollars by the price map; calls without a known price count as free"""
    seconds: float | None = Field(default=None, gt=0)
    """seconds of wall clock, since the rollout or the run began"""

    def after(self, used: Mapping[str, float]) -> Budget:
        """What is left of it when so much of each resource is used, which must be less than its limit."""
        return Budget(**{name: limit - used.get(name, 0) for name, limit in self.model_dump(exclude_none=True).items()})

    def and_also(self, other: Budget) -> Budget:
        """The limits of both."""
        pairs = [self.model_dump(exclude_none=True), other.model_dump(exclude_none=True)]
        return Budget(**{name: min(each[name] for each in pairs if name in each) for name in {*pairs[0], *pairs[1]}})


class Allowance(BaseModel):
    """What a rollout may do that is gone through again and again with more, all but the new from the ledger: a run
    whose total is spread over its problems decides so."""

    model_config = ConfigDict(frozen=True)

    draws: int = Field(ge=0, le=MOST_DRAWS)
    """in place of what the program's configuration says; see `program.stage.program.Program.continued_by`"""
    budget: Budget = Budget()
    """of the rollout, besides that of its program"""


class RunBudget:
    """A budget with what all rollouts of a run have spent of it together; shared by their threads.

    Args:
        budget: of the run.
        clock: seconds.
        before: what sessions before this one have spent, by the names of the limits.
        begin: when this session began, by `clock`; None for now.
    """

    def __init__(
        self,
        budget: Budget,
        clock: Callable[[], float] = time.monotonic,
        before: Mapping[str, float] | None = None,
        begin: float | None = None,
    ) -> None:
        before = before or {}
        self.budget = budget
        self._clock, self._begin = clock, (clock() if begin is None else begin) - before.get("seconds", 0.0)
        self._lock = threading.Lock()
        self.calls, self.tokens = int(before.get("calls", 0)), int(before.get("tokens", 0))
        self.dollars = before.get("dollars", 0.0)
        self._kept_back: Mapping[str, float] = {}

    @property
    def seconds(self) -> float:
        """Wall clock, of all sessions together."""
        return self._clock() - self._begin

    def keep_back(self, needs: Mapping[str, float]) -> None:
        """Count so much of each resource as spent, for what comes later; nothing from the next call of this on. Of
        seconds as much as that many calls have taken so far."""
        with self._lock:
            self._kept_back = needs

    def take_call(self) -> str | None:
        """Count a call that is about to begin; when it must not, the name of the spent resource."""
        with self._lock:
            spent = self._spent()
            self.calls += spent is None
            return spent

    def give_back(self) -> None:
        """Count a call that was refused as not made: nobody charges for it."""
        with self._lock:
            self.calls -= 1

    def add(self, tokens: int, dollars: float) -> None:
        """Count what a call has used."""
        with self._lock:
            self.tokens += tokens
            self.dollars += dollars

    def spent(self) -> str | None:
        """The name of a resource that is spent; None while there is something left of all."""
        with self._lock:
            return self._spent()

    def seconds_left(self) -> float | None:
        """Of the budget; None where it does not bound them."""
        return None if self.budget.seconds is None else self.budget.seconds - self._used()["seconds"]

    def left(self) -> str:
        """What may still be spent, in words; empty when nothing is limited."""
        with self._lock:
            used = self._used()
        limits = self.budget.model_dump(exclude_none=True)
        left = {name: max(0.0, limit - used[name]) for name, limit in limits.items()}
        return ", ".join(f"${left[name]:.2f}" if name == "dollars" else f"{left[name]:,.0f} {name}" for name in left)

    def _spent(self) -> str | None:
        return spent_of(self._used(), self.budget)

    def _used(self) -> dict[str, float]:
        used = {"calls": self.calls, "tokens": self.tokens, "dollars": self.dollars, "seconds": self.seconds}
        kept = {"seconds": self._kept_back.get("calls", 0) * self.seconds / max(1, self.calls), **self._kept_back}
        return {name: amount + kept.get(name, 0) for name, amount in used.items()}


def spent_of(used: Mapping[str, float], budget: Budget) -> str | None:
    """The first resource of which `used` has reached the limit of `budget`."""
    limits = budget.model_dump()
    return next((name for name, amount in used.items() if limits[name] is not None and amount >= limits[name]), None)
