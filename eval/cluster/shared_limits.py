"""Budget and pace of a run that has workers in many processes: one owner, which is asked before every LM call."""

from __future__ import annotations

from typing import Any

from eval.cluster.member import Remote, WorkerGone
from program.errors import ModelError
from program.rollout.budget import Budget, RunBudget
from program.rollout.rate_limits import Pace, RateLimits


class LimitsOwner:
    """Lives in one process of the cluster and does one thing after the other, so no limit is passed by a race."""

    def __init__(self, budget: Budget, rates: RateLimits) -> None:
        self._budget, self._pace = RunBudget(budget), Pace(rates)

    def budget(self, method: str, *arguments: Any) -> Any:
        return getattr(self._budget, method)(*arguments)

    def pace(self, method: str, *arguments: Any) -> Any:
        return getattr(self._pace, method)(*arguments)


class SharedRunBudget(RunBudget):
    """The owner's budget, seen from another process."""

    def __init__(self, owner: Remote) -> None:
        super().__init__(Budget())  # its limits are the owner's affair
        self._owner = owner

    def take_call(self) -> str | None:
        return _ask(self._owner, "budget", "take_call")

    def add(self, tokens: int, dollars: float) -> None:
        self._owner.tell("budget", "add", tokens, dollars)

    def spent(self) -> str | None:
        return _ask(self._owner, "budget", "spent")

    def seconds_left(self) -> float | None:
        return _ask(self._owner, "budget", "seconds_left")


def run_budget_of(budget: Budget, owner: Remote) -> RunBudget:
    """What to spend from: the owner's; where nothing is limited nobody need be asked."""
    return RunBudget(budget) if budget == Budget() else SharedRunBudget(owner)


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
