"""The one place where a run or a compilation pays: every LM call of its programs and of an optimizer passes here.

A call is entered in the ledger before it is sent, its answer before it is used; calls are counted against the budget;
requests keep to the pace of the provider; and nobody asks what somebody is being asked already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from socket import gaierror
from typing import Any

from dspy import LMError, LMTimeoutError, LMTransportError, LMUnexpectedError
from dspy.lm15 import Response

from program.errors import StorageError, UserError
from program.paid.halted import CapReached, Halted
from program.paid.ledger import Ledger
from program.rollout.budget import OPTIONS, Budget, RunBudget
from program.rollout.context import Purpose, context
from program.rollout.rate_limits import Pace
from program.rollout.trace import Totals
from program.stopping import OutOfTime, check, in_time, is_over, rest
from program.undocumented import response_of, stored_response

LOOK_SECONDS = 0.1  # between looks at whether somebody else's call has ended
Answer = tuple[Response, Totals]  # with what it cost, without the seconds


class PaidCalls:
    """Pays for LM calls out of a budget, and enters them in a ledger.

    Args:
        ledger: where answers are and go.
        budget: of all sessions together; None for no limit.
        pace: that requests keep to.
        reached: makes what a call raises for which the budget allows too little.

    Attributes:
        phase: what calls outside of program runs are paid for.
        now: what the latest call was paid for; what is known already is not.
    """

    def __init__(
        self,
        ledger: Ledger,
        budget: RunBudget | None = None,
        pace: Pace | None = None,
        *,
        reached: Callable[[str, str], BaseException] = CapReached,
    ) -> None:
        self.ledger = ledger
        self.phase, self.now = "proposals", "begin"
        self._listener: Callable[[], None] | None = None
        self._budget = budget or RunBudget(Budget())
        self._pace = pace or Pace()
        self._reached = reached
        self._ended = threading.Condition()
        self._asked: set[str] = set()  # the keys of the calls in flight
        self._halted: Halted | None = None
        self._kept_for = ""
        self._closed = False

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of all sessions together."""
        return self._budget.seconds

    @property
    def calls_limited(self) -> bool:
        return self._budget.budget.calls is not None

    def halt(self, why: Halted) -> None:
        """Every call from now on raises `why`: threads that an optimizer leaves behind shall not go on paying."""
        self._halted = why

    def keep_back(self, needs: Mapping[str, float], why: str) -> None:
        """Stop paying where so much of the budget is left.

        Args:
            needs: by resource.
            why: what it is kept back for, in words.
        """
        self._budget.keep_back(needs)
        self._kept_for = why

    def release(self) -> None:
        """Pay with what was kept back, also where something was halted."""
        self._budget.keep_back({})
        self._halted, self._kept_for = None, ""

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every answer that was paid for."""
        self._listener = listener

    def close(self) -> None:
        """Wait until no call is in flight, as what is paid for shall be entered, and from then on answer nobody: a step
        that a halted rollout has left behind may still ask. Nobody waits after the seconds of the budget, nor when the
        command was asked to stop and the time for that is over."""
        with self._ended:
            while self._asked and not self._out_of_time() and not is_over():
                self._ended.wait(LOOK_SECONDS)
            self._closed = True

    def left(self) -> str:
        """What may still be spent, in words; empty when nothing is limited."""
        return self._budget.left()

    def seconds_left(self) -> float | None:
        """Of the budget; None where it does not bound them."""
        return self._budget.seconds_left()

    def out_of_seconds(self) -> str:
        """That the budget's seconds are over, in words; empty where they are not."""
        return self._words("seconds") if self._out_of_time() else ""

    def rest(self, seconds: float) -> None:
        """Wait, but not beyond the budget's seconds.

        Raises:
            Interrupted: the command was asked to stop.
        """
        left = self._budget.seconds_left()
        rest(seconds if left is None else max(0.0, min(seconds, left)))

    def answer(self, key: str, model: str, expected: Totals, ask: Callable[[], Answer]) -> Response:
        """The stored answer; where there is none, that of `ask`, entered with its cost.

        Args:
            key: names the request.
            model: who is asked.
            expected: the most that the call may cost.
            ask: sends the request.

        Raises:
            Halted: no call may be made, or nothing can be stored.
            BaseException: as `reached` makes it, where too little is left for a call.
            Interrupted: the command was asked to stop.
            Exception: whatever `ask` raises.
        """
        try:
            known = self._known(key)
            if known is not None:
                return response_of(known)
            return in_time(lambda: self._paid(key, model, expected, ask), self._budget.seconds_left())
        except OutOfTime as fault:
            raise self._refusal("seconds") from fault
        except StorageError as fault:
            raise self._stopped(fault) from fault

    def _known(self, key: str) -> str | None:
        """The stored answer, or None; then the call is in flight."""
        with self._ended:
            while key in self._asked:
                check()
                if self._out_of_time():
                    raise self._refusal("seconds")
                self._ended.wait(LOOK_SECONDS)
            if self._closed:
                raise self._halted or Halted(RuntimeError("nothing is paid any more"))
            check()
            known = self.ledger.answer(key)
            if known is None:
                if self._halted:
                    raise self._halted
                if name := self._budget.take_call():
                    raise self._refusal(name)
                self.now = self._purpose().phase
                self._asked.add(key)
            return known

    def _paid(self, key: str, model: str, expected: Totals, ask: Callable[[], Answer]) -> Response:
        """Ask, with the call entered before and after."""
        number = None
        try:
            if not self._pace.wait(self._budget.seconds_left()):
                raise OutOfTime
            who = self._purpose()
            number = self.ledger.begin(key, expected, phase=who.phase, candidate=who.candidate, model=model)
            begin = time.perf_counter()
            response, paid = ask()
            self._enter(key, number, response, paid.model_copy(update={"lm_seconds": time.perf_counter() - begin}))
            return response
        except BaseException as fault:
            if number is None or _was_refused(fault):
                self._budget.give_back()
                if number is not None:
                    self.ledger.withdraw(number)
            raise
        finally:
            with self._ended:
                self._asked.remove(key)
                self._ended.notify_all()

    def _enter(self, key: str, number: int, response: Response, paid: Totals) -> None:
        # Where rollouts are gone through again after every draw, an empty answer must stay what it was.
        useful = bool((response.message.text or "").strip()) or context().allowance is not None
        self.ledger.enter_answer(key, number, stored_response(response) if useful else None, paid)
        tokens = paid.prompt_tokens + paid.completion_tokens
        self._budget.add(tokens, paid.dollars or 0.0)
        self._pace.spent(tokens)
        limits = self._budget.budget
        if not paid.tokens_known and (limits.tokens is not None or limits.dollars is not None):
            option = OPTIONS["tokens" if limits.tokens is not None else "dollars"]
            raise self._stopped(
                UserError(
                    f"--{option.replace('_', '-')} cannot hold: the server does not say how many tokens it used; use "
                    "--max-calls"
                )
            )
        if self._listener:
            self._listener()

    def _out_of_time(self) -> bool:
        left = self.seconds_left()
        return left is not None and left <= 0

    def _refusal(self, name: str) -> BaseException:
        return self._reached(name, self._words(name))

    def _words(self, name: str) -> str:
        kept = f" but for what {self._kept_for} needs" if self._kept_for else ""
        return f"{OPTIONS[name]} = {getattr(self._budget.budget, name) or 0:g} is reached{kept}"

    def _stopped(self, fault: Exception) -> Halted:
        self.halt(Halted(fault))
        assert self._halted is not None
        return self._halted

    def _purpose(self) -> Purpose:
        return context().purpose or Purpose(self.phase)


def _was_refused(fault: BaseException) -> bool:
    """Whether a call that failed was not worked on: the server answered with an error, or was not reached. Of any other
    nobody knows what is charged."""
    if isinstance(fault, LMTimeoutError | LMUnexpectedError):
        return False
    if not isinstance(fault, LMTransportError):
        return isinstance(fault, LMError)
    cause: Any = fault
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError | gaierror):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
