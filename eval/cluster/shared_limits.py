"""Budget and pace of a run that has workers in many processes: one owner, which is asked before every LM call."""

from __future__ import annotations

from typing import Any

from eval.cluster.member import Remote, WorkerGone
from program.errors import ModelError
from program.rollout.budget import Budget, Purse, Spending
from program.rollout.rate_limits import Pace, RateLimits


class LimitsOwner:
    """Lives in one process of the cluster and does one thing after the other, so no limit is passed by a race."""

    def __init__(self, budget: Budget, rates: RateLimits) -> None:
        self._spending, self._pace = Spending(budget), Pace(rates)

    def spending(self, method: str, *arguments: Any) -> Any:
        return getattr(self._spending, method)(*arguments)

    def pace(self, method: str, *arguments: Any) -> Any:
        return getattr(self._pace, method)(*arguments)


class SharedSpending:
    """The owner's spending, seen from another process."""

    def __init__(self, owner: Remote) -> None:
        self._owner = owner

    def take_call(self) -> str | None:
        return _ask(self._owner, "spending", "take_call")

    def add(self, tokens: int, dollars: float) -> None:
        self._owner.tell("spending", "add", tokens, dollars)

    def spent(self) -> str | None:
        return _ask(self._owner, "spending", "spent")

    def seconds_left(self) -> float | None:
        return _ask(self._owner, "spending", "seconds_left")


def purse_of(budget: Budget, owner: Remote) -> Purse:
    """What to spend from: the owner's; where nothing is limited nobody need be asked."""
    return Spending(budget) if budget == Budget() else SharedSpending(owner)


class SharedPace(Pace):
    """The owner's pace, seen from another process; whoever has to wait does so where he is."""

    def __init__(self, limits: RateLimits, owner: Remote) -> None:
        super().__init__(limits)
        self._owner = owner

    def take_request(self) -> float:
        return _ask(self._owner, "pace", "take_request")

    def spent(self, tokens: int) -> None:
        if self.limits.tokens_per_minute is not None:
            self._owner.tell("pace", "spent", tokens)

    def hold_back(self, seconds: float) -> None:
        self._owner.tell("pace", "hold_back", seconds)


def _ask(owner: Remote, *words: str) -> Any:
    try:
        return owner.call(*words)
    except WorkerGone as fault:
        raise ModelError("the process that keeps the run's budget and pace is gone; start again to go on") from fault
