"""Ledger, budget and pace of a run with workers in many processes. One owner keeps them; it is asked before every LM
call and gets every answer."""

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

HELD_SECONDS = 60.0  # how long the owner of a killed driver may still hold the ledger
LOOK_SECONDS = 0.5


class LimitsOwner:
    """Lives in one process of the cluster, on the driver's machine. It handles one request at a time, so no race can
    exceed a limit.

    Args:
        budget: of the run, over all its sessions.
        rates: of the run.
        paid: the folder of the run's ledger.
        others: folders of further ledgers; their answers are reused for free.

    Raises:
        UserError, StorageError: the ledger cannot be opened.
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
    """The owner's budget, used from another process.

    Args:
        owner: keeps the budget.
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
    """The owner's ledger, used from another process: the methods that a call needs."""

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
    """The owner's pace, used from another process. The caller waits in its own process."""

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
        raise ModelError("the process with the run's budget and pace is gone; the same command resumes") from fault
