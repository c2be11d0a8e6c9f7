"""The keys that every program's configuration has, and the stages made from them."""

from __future__ import annotations

import dspy
from pydantic import BaseModel, ConfigDict, Field

from program.budget import Budget
from program.stage import Stage


class ProgramConfig(BaseModel):
    """What each key does.

    temperature: of the first call of each stage; repeats use 0.8.
    temperatures: of single stages, by the name of their signature.
    max_text_tokens: the most an answer in words or JSON may have.
    max_code_tokens: the most an answer that is a program may have.
    budget: what one rollout may spend.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float = Field(default=0.2, ge=0)
    temperatures: dict[str, float] = {}
    max_text_tokens: int = Field(default=1500, ge=16)
    max_code_tokens: int = Field(default=2000, ge=16)
    budget: Budget = Budget()

    def text_stage(self, signature: type[dspy.Signature], **max_items: int) -> Stage:
        """A stage that answers in words; of each list in `max_items` so many items are asked for at most."""
        return Stage(signature, self.max_text_tokens, self._heat(signature), max_items=max_items)

    def code_stage(self, signature: type[dspy.Signature], attempts: int = 2) -> Stage:
        """A stage that answers with a program."""
        return Stage(signature, self.max_code_tokens, self._heat(signature), attempts)

    def _heat(self, signature: type[dspy.Signature]) -> float:
        return self.temperatures.get(signature.__name__, self.temperature)
