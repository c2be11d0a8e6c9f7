"""The one place where a compilation pays: every LM call of the program and of the optimizer passes here.

Answers are kept in the ledger and counted against the budget; requests keep to the pace of the provider; and nobody
asks what somebody is being asked already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dspy.lm15 import Response, Usage

from optimize.paid.halted import CapReached, Halted
from optimize.paid.ledger import Ledger
from program.rollout.budget import OPTIONS, Budget, RunBudget
from program.rollout.context import Purpose, context
from program.rollout.rate_limits import Pace
from program.rollout.trace import Totals

Answer = tuple[Response, Totals]  # with what it cost, without the seconds


class PaidCalls:
    """Pays for LM calls out of a budget, and enters them in a ledger.

    Args:
        ledger: where answers are and go.
        budget: of all sessions together; when it is spent a call raises `CapReached`.
        pace: that requests keep to.
        clock: seconds.

    Attributes:
        phase: what calls outside of program runs are paid for.
        now: what the latest call was paid for; what is known already is not.
    """

    def __init__(
        self,
        ledger: Ledger,
        budget: Budget | None = None,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ledger = ledger
        self.phase, self.now = "proposals", "begin"
        self._listener: Callable[[], None] | None = None
        spent = ledger.spent
        before = {
            "calls": spent.calls,
            "tokens": spent.prompt_tokens + spent.completion_tokens,
            "dollars": spent.dollars or 0.0,
            "seconds": ledger.seconds_before,
        }
        self._budget = RunBudget(budget or Budget(), clock, before)
        self._pace = pace or Pace()
        self._ended = threading.Condition()
        self._asked: set[str] = set()  # the keys of the calls in flight
        self._halted: Halted | None = None
        self._closed = False

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of all sessions together."""
        return self._budget.seconds

    def halt(self, why: Halted) -> None:
        """Every call from now on raises `why`: threads that an optimizer leaves behind shall not go on paying."""
        self._halted = why

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every answer that was paid for."""
        self._listener = listener

    def close(self) -> None:
        """Wait until no call is in flight, as what is paid for shall be entered, and from then on answer nobody: a step
        that a halted rollout has left behind may still ask."""
        with self._ended:
            self._ended.wait_for(lambda: not self._asked)
            self._closed = True

    def left(self) -> str:
        """What may still be spent, in words; empty when nothing is limited."""
        return self._budget.left()

    def answer(self, key: str, model: str, ask: Callable[[], Answer]) -> Response:
        """The stored answer, which has used nothing now; where there is none, that of `ask`, entered with its cost.

        Args:
            key: names the request.
            model: who is asked.
            ask: sends the request.

        Raises:
            Halted: no call may be made.
            Exception: whatever `ask` raises; nothing is counted then.
        """
        known = self._known(key)
        if known is not None:
            return replace(known, usage=Usage())
        begin = time.perf_counter()
        try:
            try:
                self._pace.wait()
                response, paid = ask()
            except BaseException:
                self._budget.give_back()
                raise
            self._enter(key, response, paid.model_copy(update={"lm_seconds": time.perf_counter() - begin}), model)
            return response
        finally:
            with self._ended:
                self._asked.remove(key)
                self._ended.notify_all()

    def _known(self, key: str) -> Any:
        """The stored answer, or None; then the call is in flight."""
        with self._ended:
            self._ended.wait_for(lambda: key not in self._asked)
            if self._closed:
                raise self._halted or Halted(RuntimeError("the compilation has ended"))
            known = self.ledger.answer(key)
            if known is None:
                self._take_call()
                self.now = self._purpose().phase
                self._asked.add(key)
            return known

    def _take_call(self) -> None:
        if self._halted:
            raise self._halted
        if name := self._budget.take_call():
            raise CapReached(f"{OPTIONS[name]} = {getattr(self._budget.budget, name):g} is reached")

    def _enter(self, key: str, response: Response, paid: Totals, model: str) -> None:
        who = self._purpose()
        self.ledger.enter_answer(key, response, paid, phase=who.phase, candidate=who.candidate, model=model)
        self.ledger.note_seconds(self.seconds - self.ledger.seconds_before)
        tokens = paid.prompt_tokens + paid.completion_tokens
        self._budget.add(tokens, paid.dollars or 0.0)
        self._pace.spent(tokens)
        if self._listener:
            self._listener()

    def _purpose(self) -> Purpose:
        return context().purpose or Purpose(self.phase)
