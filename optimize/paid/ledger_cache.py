"""The one place where a compilation pays: every LM call of the program and of the optimizer passes here.

DSPy looks an LM call up in `dspy.cache` before it is made and puts the answer there afterwards; exchanging that object
is DSPy's own way of changing how calls are cached. This one keeps answers in the ledger, counts them against the
budget, keeps to the pace of the provider, and lets nobody ask what somebody is being asked already.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from dspy.clients.cache import Cache
from dspy.utils.callback import BaseCallback

from optimize.paid.halted import CapReached, Halted
from optimize.paid.ledger import Ledger
from program.models.prices import price_of
from program.rollout.budget import OPTIONS, Budget, RunBudget
from program.rollout.context import Purpose, context
from program.rollout.rate_limits import Pace
from program.rollout.trace import Totals


class LedgerCache(Cache, BaseCallback):
    """A `dspy.cache` over a ledger. As a callback of the LMs it learns of calls that failed.

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
        super().__init__(enable_disk_cache=False, enable_memory_cache=False, disk_cache_dir=None)
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
        self._asked: dict[int, tuple[str, float]] = {}  # thread to the key it has asked for, and when
        self._halted: Halted | None = None
        self._closed = False

    def __deepcopy__(self, memo: dict[int, Any]) -> LedgerCache:
        """Itself: a copied LM pays from the same budget."""
        return self

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

    def get(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> Any:
        """The stored answer, or None, and then the caller is to make the call.

        Raises:
            Halted: no call may be made.
        """
        key = self.cache_key(request, ignored_args_for_cache_key)
        with self._ended:
            while any(key == asked for asked, _ in self._asked.values()):
                self._ended.wait()
            if self._closed:
                raise self._halted or Halted(RuntimeError("the compilation has ended"))
            known = self.ledger.answer(key)
            if known is None:
                self._take_call()
                self.now = self._purpose().phase
                self._asked[threading.get_ident()] = key, time.perf_counter()
        if known is None:
            self._pace.wait()
        return known

    def _take_call(self) -> None:
        if self._halted:
            raise self._halted
        if name := self._budget.take_call():
            raise CapReached(f"{OPTIONS[name]} = {getattr(self._budget.budget, name):g} is reached")

    def put(
        self,
        request: dict[str, Any],
        value: Any,
        ignored_args_for_cache_key: list[str] | None = None,
        enable_memory_cache: bool = True,
    ) -> None:
        """Enter an answer with its cost."""
        key = self.cache_key(request, ignored_args_for_cache_key)
        _, asked = self._asked.get(threading.get_ident(), (key, time.perf_counter()))
        who = self._purpose()
        model = request["model"] if "model" in request else request["request"]["model"]
        paid = _cost(value, model, time.perf_counter() - asked)
        with self._ended:
            self.ledger.enter_answer(key, value, paid, phase=who.phase, candidate=who.candidate, model=model)
            self.ledger.note_seconds(self.seconds - self.ledger.seconds_before)
        tokens = paid.prompt_tokens + paid.completion_tokens
        self._budget.add(tokens, paid.dollars or 0.0)
        self._pace.spent(tokens)
        if self._listener:
            self._listener()

    def _purpose(self) -> Purpose:
        return context().purpose or Purpose(self.phase)

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        """Whether it was answered or failed, the call is no longer in flight."""
        with self._ended:
            asked = self._asked.pop(threading.get_ident(), None)
            if asked and exception is not None and self.ledger.answer(asked[0]) is None:
                self._budget.give_back()
            self._ended.notify_all()


def _cost(value: Any, model: str, seconds: float) -> Totals:
    """The cost of what DSPy stores for a call: a record of its own, or the answer as LiteLLM gives it."""
    if isinstance(value, dict):
        usage, dollars = value.get("usage") or {}, value.get("cost")
    else:
        usage = dict(getattr(value, "usage", None) or {})
        dollars = getattr(value, "_hidden_params", {}).get("response_cost")
    details = usage.get("prompt_tokens_details") or {}
    details = details if isinstance(details, dict) else dict(details)
    prompt, completion = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    price = price_of(model)
    if dollars is None and price is not None:
        dollars = price.dollars(prompt, completion)
    return Totals(
        calls=1,
        prompt_tokens=prompt,
        cached_tokens=details.get("cached_tokens") or 0,
        completion_tokens=completion,
        dollars=dollars,
        lm_seconds=seconds,
    )
