"""The baselines of one call: the program at once, or after some thinking."""

from __future__ import annotations

import dspy
from pydantic import Field

from program.problem import Problem
from program.rollout.trace import trace
from program.stage.config import ProgramConfig
from signatures.code import SolveDirectly, SolveStepByStep


class DirectConfig(ProgramConfig):
    """The keys of every program; answers are shorter than a flow's may be."""

    max_code_tokens: int = Field(default=700, ge=16)
    """tokens an answer with a program has at most"""


class Direct(dspy.Module):
    """Statement in, program out."""

    def __init__(self, config: DirectConfig | None = None) -> None:
        super().__init__()
        self.config = config or DirectConfig()
        self.solve = self.config.code_stage(SolveDirectly, attempts=1)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        """`code`: the program; empty when the LM gave none."""
        return _one_call(self.solve, self.config, problem, sample)


class ChainOfThought(dspy.Module):
    """Statement in, thoughts and then the program out (Wei et al., arXiv 2201.11903)."""

    def __init__(self, config: DirectConfig | None = None) -> None:
        super().__init__()
        self.config = config or DirectConfig()
        self.solve = self.config.code_stage(SolveStepByStep, attempts=1)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        """`code`: the program; empty when the LM gave none."""
        return _one_call(self.solve, self.config, problem, sample)


def _one_call(stage, config: DirectConfig, problem: Problem, sample: int) -> dspy.Prediction:
    trace().limit(config.budget)
    answer = stage(sample, problem=problem.text())
    code = answer.code if answer else ""
    trace().best(code)
    return dspy.Prediction(code=code)
