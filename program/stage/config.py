"""The configuration keys that all programs have, and the stages made from them."""

from __future__ import annotations

from typing import Annotated, Any

import dspy
from pydantic import BaseModel, ConfigDict, Field

from program.adapters.sections import Order
from program.rollout.budget import Budget
from program.stage.stage import Stage


class ProgramConfig(BaseModel):
    """The configuration of every program."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    temperature: float | None = Field(default=None, ge=0)
    """temperature of the first call of each stage; repeated calls use 0.8; null for the profile of the model, which
    sets none for models that think"""
    temperatures: dict[str, Annotated[float, Field(ge=0)] | None] = {}
    """temperatures of single stages, by the name of their signature"""
    order: Order = "problem-first"
    """order of a prompt's parts. problem-first starts with the problem, or with the instructions if the stage has
    demonstrations; stage-first (always so with chat, json and xml) starts with the instructions; conversation continues
    from the prompts and answers of earlier stages, so a stage also sees what is not in its inputs."""
    max_code_tokens: int | None = Field(default=None, ge=16)
    """maximum tokens of an answer with a program; null for the profile of the model"""
    budget: Budget = Budget()
    """limits of one rollout; as long as there is no program, the last call is reserved for writing one"""

    def code_stage(self, signature: type[dspy.Signature], attempts: int = 2, **more: Any) -> Stage:
        """A stage that answers with a program; for `more` see `Stage`."""
        return Stage(signature, self.max_code_tokens, self._heat(signature), attempts, **more)

    def _heat(self, signature: type[dspy.Signature]) -> float | None:
        return self.temperatures.get(signature.__name__, self.temperature)


class ReasoningConfig(ProgramConfig):
    """The configuration of programs with stages that answer in words."""

    max_text_tokens: int | None = Field(default=None, ge=16)
    """maximum tokens of an answer in words or JSON; null for the profile of the model"""

    def text_stage(self, signature: type[dspy.Signature], *, apart: bool = False, **max_items: int) -> Stage:
        """A stage that answers in words. `max_items` limits the number of requested items in list fields; for `apart`
        see `Stage`."""
        more: dict[str, Any] = {"max_items": max_items, "writes": "text", "prepares": True, "apart": apart}
        return Stage(signature, self.max_text_tokens, self._heat(signature), **more)
