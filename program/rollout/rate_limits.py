"""The rate of a run's requests to its LM, and retries when the LM refuses or fails for a while."""

from __future__ import annotations

import math
import random
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from program import stopping
from program.errors import call_fault, ran_out_of_time

if TYPE_CHECKING:
    from dspy import LMError

WINDOW_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 120.0  # a longer retry-after time is not waited for
GARBLED_RETRIES = 3  # of a request whose response was not valid
NOT_IMPLEMENTED = 501
SAID_CHARACTERS = 200
SAID_SECONDS = 60.0  # between two reports of refused requests


class RateLimits(BaseModel):
    """The provider's rate limits, and the retries; None for no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    requests_per_minute: int | None = Field(default=None, ge=1)
    """requests in any 60 seconds, for all rollouts of the run together"""
    tokens_per_minute: int | None = Field(default=None, ge=1)
    """tokens in any 60 seconds, for all rollouts of the run together"""
    retries: int = Field(default=6, ge=0)
    """retries of a request that failed with a temporary error (429, 5xx, timeouts, broken connections)"""
    first_wait: float = Field(default=2.0, ge=0)
    """seconds before the first retry if the provider names none; doubled for each retry, with jitter, so that an outage
    of two minutes is survived"""

    def patience(self) -> RateLimits:
        """Only the settings for retries. The rate limits are applied where calls are paid, because a stored answer is
        not a request."""
        return self.model_copy(update={"requests_per_minute": None, "tokens_per_minute": None})


class Pace:
    """Keeps the requests of all threads of a run within `limits`. After a rate limit error, all threads wait.

    Args:
        limits: the limits of the provider.
        clock, sleep: return and take seconds; tests replace them.
    """

    def __init__(
        self,
        limits: RateLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = stopping.rest,
    ) -> None:
        self.limits = limits or RateLimits()
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._requests: deque[float] = deque()
        self._tokens: deque[tuple[float, int]] = deque()
        self._not_before = 0.0
        self._said = -math.inf  # when a refused request was last reported
        self._down = False  # whether retries were used up and no request has succeeded since

    def wait(self, at_most: float | None = None) -> bool:
        """Wait until the next request may be sent, and count it. Return False immediately if that takes too long.

        Args:
            at_most: the maximum wait in seconds; None for no maximum.
        """
        deadline = math.inf if at_most is None else self._clock() + at_most
        while (pause := self.take_request()) > 0:
            if self._clock() + pause > deadline:
                return False
            self._sleep(pause)
        return True

    def spent(self, tokens: int) -> None:
        """Count the tokens of a request."""
        with self._lock:
            self._tokens.append((self._clock(), tokens))

    def answered(self) -> None:
        """Allow retries again, because a request succeeded. Token counts do not show this: some servers report none."""
        with self._lock:
            self._down = False

    def refused(self, fault: LMError, attempt: int) -> float:
        """Seconds to wait before retry `attempt` (from 0) after `fault`. After a rate limit error all threads wait,
        unless its retry-after time is too long."""
        from program.undocumented import wait_asked_for

        asked_for = wait = wait_asked_for(fault)
        if wait is None:
            wait = self.limits.first_wait * 2**attempt * random.uniform(0.8, 1.2)
        if asked_for is not None and asked_for <= LONGEST_WAIT_SECONDS:
            self.hold_back(wait)
        return min(wait, LONGEST_WAIT_SECONDS)

    def _report(self, fault: LMError) -> None:
        """Report on standard error, at most once a minute, that a request is sent again: a command that waits for its
        server must not seem to hang."""
        with self._lock:
            now = self._clock()
            if now - self._said < SAID_SECONDS:
                return
            self._said = now
        said = f"{type(fault).__name__}: {call_fault(fault, SAID_CHARACTERS)}"
        print(f"warning: the model gave no answer ({said}); it is asked again", file=sys.stderr)

    def hold_back(self, seconds: float) -> None:
        """Send no request for this time."""
        with self._lock:
            self._not_before = max(self._not_before, self._clock() + seconds)

    def may_retry(self, fault: LMError, attempt: int) -> bool:
        """Whether to send a request again after `attempt` retries. A request that timed out is retried only once, and
        one that the server does not implement never. If the retries of one request were used up, no other request is
        retried until one succeeds: an outage is waited for once, not once per call."""
        from dspy import LMProviderError, LMTimeoutError, is_retryable_lm_error  # here so that --help needs no DSPy

        from program.undocumented import wait_asked_for

        timed_out = isinstance(fault, LMTimeoutError) or ran_out_of_time(fault)
        most = min(1, self.limits.retries) if timed_out else self.limits.retries
        if type(fault) is LMProviderError:  # not a valid response: an HTML page of a gateway, or half of an answer
            most, may_pass = min(GARBLED_RETRIES, most), True
        else:
            may_pass = is_retryable_lm_error(fault) and fault.status != NOT_IMPLEMENTED
        asked_for_too_much = (wait_asked_for(fault) or 0.0) > LONGEST_WAIT_SECONDS
        if not may_pass or asked_for_too_much:
            return False
        with self._lock:
            if attempt >= most and not timed_out:
                self._down = True
            again = attempt < most and not self._down
        if again:
            self._report(fault)
        return again

    def rest(self, seconds: float) -> None:
        self._sleep(seconds)

    def take_request(self) -> float:
        """Count a request that is sent now. If none may be sent, return the seconds until the next attempt."""
        with self._lock:
            now = self._clock()
            while self._requests and now - self._requests[0] >= WINDOW_SECONDS:
                self._requests.popleft()
            while self._tokens and now - self._tokens[0][0] >= WINDOW_SECONDS:
                self._tokens.popleft()
            pause = self._not_before - now
            limit = self.limits.requests_per_minute
            if limit and len(self._requests) >= limit:
                pause = max(pause, self._requests[0] + WINDOW_SECONDS - now)
            allowed = self.limits.tokens_per_minute
            if allowed and sum(tokens for _, tokens in self._tokens) >= allowed:
                pause = max(pause, self._tokens[0][0] + WINDOW_SECONDS - now)
            if pause <= 0:
                self._requests.append(now)
            return pause
