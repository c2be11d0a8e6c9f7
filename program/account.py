"""What a rollout did: every LM call, every judge run, every decision, and what all that cost.

The account of the rollout at hand is found through a context variable, so that stages need not hand it through.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from pydantic import BaseModel, Field

Outcome = Literal["ok", "unparsable", "lm_error"]


class Call(BaseModel):
    """One request of a stage to its LM. Token counts are the provider's; 0 where the answer came from a cache."""

    stage: str
    outcome: Outcome = "ok"
    prompt_tokens: int = 0
    cached_tokens: int = 0  # of the prompt tokens, those a prefix cache served
    completion_tokens: int = 0
    dollars: float | None = None  # None where no price is known
    seconds: float = 0.0
    from_cache: bool = False
    detail: str = ""


class JudgeRun(BaseModel):
    """One program run on one set of tests inside the flow."""

    tests: str  # "public" or "ai"
    verdicts: list[str]
    seconds: float


class Account(BaseModel):
    """Everything a rollout did, in the order of doing."""

    calls: list[Call] = Field(default_factory=list)
    judge_runs: list[JudgeRun] = Field(default_factory=list)
    decisions: list[str] = Field(default_factory=list)

    def decide(self, what: str) -> None:
        self.decisions.append(what)

    def totals(self) -> Totals:
        """The sums over all calls. `dollars` is None when the price of any call is unknown."""
        paid = [call for call in self.calls if not call.from_cache]
        prices = [call.dollars for call in paid]
        return Totals(
            calls=len(paid),
            failed_calls=sum(call.outcome != "ok" for call in self.calls),
            prompt_tokens=sum(call.prompt_tokens for call in paid),
            cached_tokens=sum(call.cached_tokens for call in paid),
            completion_tokens=sum(call.completion_tokens for call in paid),
            dollars=None if any(price is None for price in prices) else sum(price or 0.0 for price in prices),
            lm_seconds=sum(call.seconds for call in paid),
            judge_seconds=sum(run.seconds for run in self.judge_runs),
        )


class Totals(BaseModel):
    """The cost of a rollout, or of many."""

    calls: int = 0
    failed_calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    dollars: float | None = 0.0
    lm_seconds: float = 0.0  # summed over calls; those that run side by side count each
    judge_seconds: float = 0.0

    def __add__(self, other: Totals) -> Totals:
        values = {}
        for name in type(self).model_fields:
            mine, theirs = getattr(self, name), getattr(other, name)
            values[name] = None if mine is None or theirs is None else mine + theirs
        return Totals(**values)


_current: ContextVar[Account | None] = ContextVar("account", default=None)


@contextmanager
def new_account() -> Iterator[Account]:
    """Open the account of one rollout; `account()` finds it until the end of the block."""
    opened = Account()
    token = _current.set(opened)
    try:
        yield opened
    finally:
        _current.reset(token)


def account() -> Account:
    """The account of the rollout at hand; outside of one, an account nobody reads."""
    return _current.get() or Account()
