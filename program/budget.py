"""What one rollout may spend."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Budget(BaseModel):
    """Hard limits of one rollout; None for no limit.

    When one is reached, no further call is begun and the best program so far is the answer. `calls` is never passed;
    `tokens` and `dollars` are known when a call has ended, so calls in flight may pass them; at `seconds` calls in
    flight are left behind.

    calls: requests to the LM, repeats and repairs of answers included.
    tokens: prompt and answer tokens together.
    dollars: by the price map; calls without a known price count as free.
    seconds: wall clock, since the rollout began.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    calls: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)
    dollars: float | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0)
