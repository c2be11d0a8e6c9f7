"""The keys that every program's configuration has, and the stages made from them."""

from __future__ import annotations

from typing import Annotated, Any

import dspy
from pydantic import BaseModel, ConfigDict, Field

from program.adapters.sections import Order
from program.rollout.budget import Budget
from program.stage.stage import Stage


class ProgramConfig(BaseModel):
    """What every program can be set to."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    temperature: float | None = Field(default=None, ge=0)
    """of the first call of each stage; repeats use 0.8; null for what the model's profile says, which is none for
    models that think"""
    temperatures: dict[str, Annotated[float, Field(ge=0)] | None] = {}
    """of single stages, by the name of their signature"""
    order: Order = "problem-first"
    """of a prompt's parts: problem-first begins with the problem, stage-first with the instructions; chat, json and xml
    are always stage-first; conversation goes on from the earlier stages' questions and answers, so a stage also sees
    what its inputs leave out; demos-first, of programs that were compiled so, is stage-first for stages with
    demonstrations and problem-first for the others"""
    max_code_tokens: int | None = Field(default=None, ge=16)
    """tokens an answer with a program has at most; null for what the model's profile says"""
    budget: Budget = Budget()
    """what one rollout may spend; while there is no program the last call is kept for one"""

    def code_stage(self, signature: type[dspy.Signature], attempts: int = 2, **more: Any) -> Stage:
        """A stage that answers with a program; for `more` see `Stage`."""
        return Stage(signature, self.max_code_tokens, self._heat(signature), attempts, **more)

    def _heat(self, signature: type[dspy.Signature]) -> float | None:
        return self.temperatures.get(signature.__name__, self.temperature)


class ReasoningConfig(ProgramConfig):
    """Of programs with stages that answer in words."""

    max_text_tokens: int | None = Field(default=None, ge=16)
    """tokens an answer in words or JSON has at most; null for what the model's profile says"""

    def text_stage(self, signature: type[dspy.Signature], *, apart: bool = False, **max_items: int) -> Stage:
        """A stage that answers in words; of each list in `max_items` so many items are asked for at most; for `apart`
        see `Stage`."""
        more: dict[str, Any] = {"max_items": max_items, "writes": "text", "prepares": True, "apart": apart}
        return Stage(signature, self.max_text_tokens, self._heat(signature), **more)
