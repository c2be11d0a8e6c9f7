"""The budgets of rollouts and of runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from pydantic import BaseModel, ConfigDict, Field

# The names of the limits of a run, as command line options and as configuration keys.
OPTIONS = {"calls": "max_calls", "tokens": "max_tokens", "dollars": "max_usd", "seconds": "max_seconds"}
MOST_DRAWS = 1000  # for a rollout whose draws are allowed one by one
MEASURED = 50  # calls whose average time is known well enough to reserve time for further ones
NOT_IN_TIME = "no answer within the budget of seconds"  # the error of a call that was abandoned


class Budget(BaseModel):
    """Hard limits of one rollout, or of a run; None for no limit.

    When a limit is reached, no further call starts and the best program so far is the answer. `calls` is never
    exceeded. `tokens` and `dollars` are known only after a call, so calls in flight may exceed them. At `seconds`,
    calls in flight are abandoned.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    calls: int | None = Field(default=None, ge=1)
    """calls to the LM, including repeated and repair calls"""
    tokens: int | None = Field(default=None, ge=1)
    """prompt and completion tokens together"""
    dollars: float | None = Field(default=None, gt=0)
    """dollars by the price map; calls with an unknown price count as free"""
    seconds: float | None = Field(default=None, gt=0)
    """seconds of wall-clock time since the start of the rollout or the run"""

    def after(self, used: Mapping[str, float]) -> Budget:
        """The rest of the budget after `used`, which must be less than the limit for each resource."""
        return Budget(**{name: limit - used.get(name, 0) for name, limit in self.model_dump(exclude_none=True).items()})

    def and_also(self, other: Budget) -> Budget:
        """The stricter limits of both."""
        pairs = [self.model_dump(exclude_none=True), other.model_dump(exclude_none=True)]
        return Budget(**{name: min(each[name] for each in pairs if name in each) for name in {*pairs[0], *pairs[1]}})


class Allowance(BaseModel):
    """Limits of a rollout that is continued several times with more budget, repeating its old calls from the ledger. A
    run uses this to spread its total budget over its problems."""

    model_config = ConfigDict(frozen=True)

    draws: int = Field(ge=0, le=MOST_DRAWS)
    """replaces the value in the program's configuration; see `program.stage.program.Program.continued_by`"""
    budget: Budget = Budget()
    """budget of the rollout, in addition to that of its program"""


class RunBudget:
    """A budget, and what all rollouts of a run have spent of it together; shared by their threads.

    Args:
        budget: the budget of the run.
        clock: returns seconds.
        before: what earlier sessions have spent, by the names of the limits.
        begin: the start of this session by `clock`; None for now.
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
        """Wall-clock time of all sessions together."""
        return self._clock() - self._begin

    def keep_back(self, needs: Mapping[str, float]) -> None:
        """Reserve this amount of each resource for later; calling this again replaces the reservation. For seconds, it
        is the number of calls, multiplied by their average time so far, and at most half of the limit. Nothing is
        reserved until `MEASURED` calls are made: before that, most of the time is that of starting."""
        with self._lock:
            self._kept_back = needs

    def take_call(self) -> str | None:
        """Count a call that is about to start. If it must not start, return the name of the spent resource."""
        with self._lock:
            spent = self._spent()
            self.calls += spent is None
            return spent

    def give_back(self) -> None:
        """Uncount a call that was refused: it costs nothing."""
        with self._lock:
            self.calls -= 1

    def add(self, tokens: int, dollars: float) -> None:
        """Count what a call has used."""
        with self._lock:
            self.tokens += tokens
            self.dollars += dollars

    def spent(self) -> str | None:
        """The name of a spent resource; None while something is left of all of them."""
        with self._lock:
            return self._spent()

    def seconds_left(self) -> float | None:
        """The remaining seconds; None if the budget has no time limit."""
        return None if self.budget.seconds is None else self.budget.seconds - self._used()["seconds"]

    def left(self) -> str:
        """The rest of the budget as text; empty if nothing is limited."""
        with self._lock:
            used = self._used()
        limits = self.budget.model_dump(exclude_none=True)
        left = {name: max(0.0, limit - used[name]) for name, limit in limits.items()}
        return ", ".join(amount_text(name, amount) for name, amount in left.items())

    def _spent(self) -> str | None:
        return spent_of(self._used(), self.budget)

    def _used(self) -> dict[str, float]:
        used = {"calls": self.calls, "tokens": self.tokens, "dollars": self.dollars, "seconds": self.seconds}
        kept = {**self._kept_back, "seconds": self._kept_seconds()}
        return {name: amount + kept.get(name, 0) for name, amount in used.items()}

    def _kept_seconds(self) -> float:
        if self.budget.seconds is None or self.calls < MEASURED:
            return 0.0
        return min(self._kept_back.get("calls", 0) * self.seconds / self.calls, self.budget.seconds / 2)


def limit_text(limit: float) -> str:
    """A limit as it is typed: whole numbers in full."""
    return str(limit) if isinstance(limit, int) else f"{limit:g}"


def amount_text(resource: str, amount: float) -> str:
    """An amount of a resource with its unit."""
    return f"${amount:.2f}" if resource == "dollars" else f"{amount:,.0f} {resource}"


def spent_of(used: Mapping[str, float], budget: Budget) -> str | None:
    """The first resource of which `used` has reached the limit of `budget`."""
    limits = budget.model_dump()
    return next((name for name, amount in used.items() if limits[name] is not None and amount >= limits[name]), None)
