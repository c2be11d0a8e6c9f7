"""The one place where a run or a compilation pays: every LM call of its programs and of an optimizer passes here.

A call is entered in the ledger before it is sent, and its answer before it is used. Calls count against the budget.
Requests respect the provider's rate limits. Of equal requests at the same time, only one is sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from socket import gaierror
from typing import Any

from dspy import LMError, LMTransportError
from dspy.lm15 import Response

from program.errors import StorageError, UserError
from program.paid.halted import CapReached, Halted
from program.paid.ledger import Ledger
from program.rollout.budget import OPTIONS, Budget, RunBudget, limit_text
from program.rollout.context import Purpose, context
from program.rollout.rate_limits import Pace
from program.rollout.trace import MAY_COST, Totals
from program.stopping import OutOfTime, check, in_time, is_over, rest
from program.undocumented import response_of, says_more, stored_response

LOOK_SECONDS = 0.1  # between checks whether an equal call of another thread has ended
Answer = tuple[Response, Totals]  # a response and its cost, without the seconds


class PaidCalls:
    """Pays for LM calls from a budget, and enters them in a ledger.

    Args:
        ledger: stores the answers.
        budget: for all sessions together; None for no limit.
        pace: the rate limiter of the requests.
        reached: makes the exception for a call that exceeds the budget.

    Attributes:
        phase: what calls outside of program runs are paid for.
        now: what the latest call was paid for; stored answers do not change it.
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
        """Let every further call raise `why`, so that threads that an optimizer leaves behind do not pay any more."""
        self._halted = why

    def keep_back(self, needs: Mapping[str, float], why: str) -> None:
        """Reserve a part of the budget: stop paying when only this much is left.

        Args:
            needs: the amount by resource.
            why: the purpose of the reservation, as text.
        """
        self._budget.keep_back(needs)
        self._kept_for = why

    def release(self) -> None:
        """Release the reserved part of the budget; also allow calls again after a halt."""
        self._budget.keep_back({})
        self._halted, self._kept_for = None, ""

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every paid answer."""
        self._listener = listener

    def close(self) -> None:
        """Wait until no call is in flight, because paid answers must be entered. After that refuse all calls: a step
        that a halted rollout left behind may still make some. The wait ends when the budget's seconds are over, or when
        the command was asked to stop and the grace period is over."""
        with self._ended:
            while self._asked and not self._out_of_time() and not is_over():
                self._ended.wait(LOOK_SECONDS)
            self._closed = True

    def spent(self) -> dict[str, float]:
        """Calls, tokens and dollars of all sessions together."""
        return {"calls": self._budget.calls, "tokens": self._budget.tokens, "dollars": self._budget.dollars}

    def left(self) -> str:
        """The rest of the budget as text; empty if nothing is limited."""
        return self._budget.left()

    def seconds_left(self) -> float | None:
        """The remaining seconds of the budget; None if it has no time limit."""
        return self._budget.seconds_left()

    def out_of_seconds(self) -> str:
        """A message that the budget's seconds are over; empty if they are not."""
        return self._words("seconds") if self._out_of_time() else ""

    def rest(self, seconds: float) -> None:
        """Sleep, but not beyond the budget's seconds.

        Raises:
            Interrupted: the command was asked to stop.
        """
        left = self._budget.seconds_left()
        rest(seconds if left is None else max(0.0, min(seconds, left)))

    def answer(self, key: str, model: str, expected: Totals, ask: Callable[[], Answer]) -> Response:
        """The stored answer; if there is none, the answer of `ask`, which is entered with its cost.

        Args:
            key: the key of the request.
            model: the model of the request.
            expected: the maximum cost of the call.
            ask: sends the request.

        Raises:
            Halted: no call may be made, or nothing can be stored.
            BaseException: made by `reached`, if the budget does not allow the call.
            Interrupted: the command was asked to stop.
            Exception: any exception of `ask`.
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
        """The stored answer; or None, and the call counts as in flight."""
        with self._ended:
            while key in self._asked:
                check()
                if self._out_of_time():
                    raise self._refusal("seconds")
                self._ended.wait(LOOK_SECONDS)
            if self._closed:
                raise self._halted or Halted(RuntimeError("no more calls are paid for"))
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
        """Send the request; enter the call before and after."""
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
        # If rollouts are continued after every draw, an empty answer must be kept to repeat them.
        useful = bool((response.message.text or "").strip()) or says_more(response) or context().allowance is not None
        self.ledger.enter_answer(key, number, stored_response(response, paid.lm_seconds) if useful else None, paid)
        self._budget.add(paid.all_tokens, paid.dollars or 0.0)
        self._pace.spent(paid.all_tokens)
        limits = self._budget.budget
        if not paid.tokens_known and (limits.tokens is not None or limits.dollars is not None):
            option = OPTIONS["tokens" if limits.tokens is not None else "dollars"]
            raise self._stopped(
                UserError(
                    f"--{option.replace('_', '-')} has no effect: the server does not report token counts; use "
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
        kept = f", except for the part reserved for {self._kept_for}" if self._kept_for else ""
        return f"{OPTIONS[name]} = {limit_text(getattr(self._budget.budget, name) or 0)} is reached{kept}"

    def _stopped(self, fault: Exception) -> Halted:
        self.halt(Halted(fault))
        assert self._halted is not None
        return self._halted

    def _purpose(self) -> Purpose:
        return context().purpose or Purpose(self.phase)


def _was_refused(fault: BaseException) -> bool:
    """Whether a failed call was not processed: the server returned an error, or was not reached. For any other failure
    the cost is unknown."""
    if not isinstance(fault, LMTransportError):
        return isinstance(fault, LMError) and type(fault).__name__ not in MAY_COST
    cause: Any = fault
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError | gaierror):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
