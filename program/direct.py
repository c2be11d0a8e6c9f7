"""The baseline: one call that writes the program."""

from __future__ import annotations

import dspy
from pydantic import BaseModel, ConfigDict

from program.account import account
from program.problem import Problem
from program.stage import Stage
from signatures.code import SolveDirectly


class DirectConfig(BaseModel):
    """max_code_tokens: the most the answer may have.

    temperature: of the call.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_code_tokens: int = 700
    temperature: float = 0.2


class Direct(dspy.Module):
    """Statement in, program out."""

    def __init__(self, config: DirectConfig | None = None) -> None:
        super().__init__()
        self.config = config or DirectConfig()
        self.solve = Stage(SolveDirectly, self.config.max_code_tokens, self.config.temperature, attempts=1)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        """`code`: the program; empty when the LM gave none."""
        answer = self.solve(sample, problem=problem.text())
        code = answer.code if answer else ""
        account().best(code)
        return dspy.Prediction(code=code)
