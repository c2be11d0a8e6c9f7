"""Hard limits of what a compilation may spend, and how an optimizer is stopped from inside."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from program.account import Totals


class Halted(BaseException):
    """Ends an optimizer. Not an `Exception` on purpose: DSPy's optimizers take every exception of a program or a metric
    for a score of zero and go on.

    Args:
        fault: what happened; raised in its place once the optimizer is left.
    """

    def __init__(self, fault: Exception) -> None:
        super().__init__(str(fault))
        self.fault = fault


class CapReached(Halted):
    """A cap holds: no further LM call is made."""

    def __init__(self, said: str) -> None:
        super().__init__(RuntimeError(said))


class Caps(BaseModel):
    """What a compilation may spend, all its sessions together; None for no limit.

    max_calls: LM calls, the optimizer's own included.
    max_tokens: of prompts and answers.
    max_usd: dollars, by DSPy's price map.
    max_seconds: of wall-clock time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_calls: int | None = Field(default=None, ge=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_usd: float | None = Field(default=None, gt=0)
    max_seconds: float | None = Field(default=None, gt=0)

    def reached(self, spent: Totals, seconds: float, in_flight: int = 0) -> str:
        """Which cap forbids one more call, in words; empty when none does.

        Args:
            spent: so far, by calls that have ended.
            seconds: so far.
            in_flight: calls that have not ended.
        """
        tokens = spent.prompt_tokens + spent.completion_tokens
        for name, used, cap in (
            ("max_calls", spent.calls + in_flight, self.max_calls),
            ("max_tokens", tokens, self.max_tokens),
            ("max_usd", spent.dollars or 0.0, self.max_usd),
            ("max_seconds", seconds, self.max_seconds),
        ):
            if cap is not None and used >= cap:
                return f"{name} = {cap:g} is reached"
        return ""

    def left(self, spent: Totals, seconds: float) -> str:
        """What may still be spent, in words; empty when nothing is limited."""
        tokens = spent.prompt_tokens + spent.completion_tokens
        parts = []
        if self.max_calls is not None:
            parts.append(f"{max(0, self.max_calls - spent.calls):,} calls")
        if self.max_tokens is not None:
            parts.append(f"{max(0, self.max_tokens - tokens):,} tokens")
        if self.max_usd is not None:
            parts.append(f"${max(0.0, self.max_usd - (spent.dollars or 0.0)):.2f}")
        if self.max_seconds is not None:
            parts.append(f"{max(0.0, self.max_seconds - seconds):,.0f} s")
        return ", ".join(parts)
