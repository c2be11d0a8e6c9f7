"""The baselines with one call: the program at once, or after some reasoning."""

from __future__ import annotations

import dspy

from program.bench.readings import by_public_tests
from program.bench.workbench import Workbench
from program.problem import Problem
from program.rollout.context import trace
from program.stage.config import ProgramConfig
from program.stage.program import Program
from signatures.code import SolveDirectly, SolveStepByStep


class Direct(Program):
    """Takes a statement and returns a program."""

    asks: type[dspy.Signature] = SolveDirectly

    def __init__(self, config: ProgramConfig | None = None) -> None:
        super().__init__(config or ProgramConfig())
        self.solve = self.config.code_stage(self.asks, attempts=1)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        """`code` in the prediction: the program; empty if the LM gave none."""
        trace().limit(self.config.budget)
        answer = self.solve(sample, choose=by_public_tests(Workbench(problem)), problem=problem.text())
        code = answer.code if answer else ""
        if code:
            trace().new_program(code, "first")
        trace().best(code)
        return dspy.Prediction(code=code)


class ChainOfThought(Direct):
    """Takes a statement and returns a program after reasoning (Wei et al., arXiv 2201.11903)."""

    asks = SolveStepByStep
