"""Ledger, budget and pace of a run that has workers in many processes: one owner, which is asked before every LM call
and gets every answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.cluster.member import Remote, WorkerGone
from program.errors import ModelError, UserError
from program.paid.ledger import Ledger
from program.rollout.budget import Budget, RunBudget
from program.rollout.rate_limits import Pace, RateLimits
from program.rollout.trace import Totals

HELD_SECONDS = 60.0  # that the owner of a driver which was killed may still have the ledger
LOOK_SECONDS = 0.5


class LimitsOwner:
    """Lives in one process of the cluster, on the driver's machine, and does one thing after the other, so no limit is
    passed by a race.

    Args:
        budget: of all sessions of the run together.
        rates: of the run.
        paid: the folder of its ledger.
        others: of further ledgers, whose answers are taken for nothing.

    Raises:
        UserError, StorageError: the ledger cannot be had.
    """

    def __init__(self, budget: Budget, rates: RateLimits, paid: Path, others: Sequence[Path] = ()) -> None:
        self._ledger = _opened(paid, others)
        self._budget, self._pace = self._ledger.budget(budget), Pace(rates)

    def budget(self, method: str, *arguments: Any) -> Any:
        return getattr(self._budget, method)(*arguments)

    def pace(self, method: str, *arguments: Any) -> Any:
        return getattr(self._pace, method)(*arguments)

    def ledger(self, method: str, *arguments: Any, **options: Any) -> Any:
        return getattr(self._ledger, method)(*arguments, **options)


def _opened(paid: Path, others: Sequence[Path]) -> Ledger:
    deadline = time.monotonic() + HELD_SECONDS
    while True:
        try:
            return Ledger(paid, others=others)
        except UserError:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_SECONDS)


class SharedRunBudget(RunBudget):
    """The owner's budget, seen from another process.

    Args:
        owner: has it.
        budget: its limits.
    """

    def __init__(self, owner: Remote, budget: Budget) -> None:
        super().__init__(budget)
        self._owner = owner

    def take_call(self) -> str | None:
        return _ask(self._owner, "budget", "take_call")

    def give_back(self) -> None:
        self._owner.tell("budget", "give_back")

    def add(self, tokens: int, dollars: float) -> None:
        self._owner.tell("budget", "add", tokens, dollars)

    def spent(self) -> str | None:
        return _ask(self._owner, "budget", "spent")

    def seconds_left(self) -> float | None:
        return None if self.budget.seconds is None else _ask(self._owner, "budget", "seconds_left")


class SharedLedger(Ledger):
    """The owner's ledger, seen from another process: what a call needs of it."""

    def __init__(self, owner: Remote) -> None:
        self._owner = owner

    def answer(self, key: str) -> str | None:
        return _ask(self._owner, "ledger", "answer", key)

    def begin(self, key: str, expected: Totals, *, phase: str, candidate: str, model: str) -> int:
        purpose = {"phase": phase, "candidate": candidate, "model": model}
        return _ask(self._owner, "ledger", "begin", key, expected, **purpose)

    def enter_answer(self, key: str, number: int, answer: str | None, paid: Totals) -> None:
        _ask(self._owner, "ledger", "enter_answer", key, number, answer, paid)

    def withdraw(self, number: int) -> None:
        _ask(self._owner, "ledger", "withdraw", number)


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


def _ask(owner: Remote, *words: Any, **options: Any) -> Any:
    try:
        return owner.call(*words, **options)
    except WorkerGone as fault:
        raise ModelError("the process that keeps the run's budget and pace is gone; start again to go on") from fault
