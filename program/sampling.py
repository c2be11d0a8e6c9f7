"""Sample, filter, cluster (AlphaCode, Li et al., arXiv 2203.07814, section 4): many programs, the public tests as a
filter, and of those that pass the largest group that behaves alike on further inputs."""

from __future__ import annotations

from collections.abc import Sequence

import dspy
from pydantic import Field

from judge.verdict import TestCase
from program.account import account
from program.ai_tests import usable_tests
from program.problem import Problem
from program.program_config import ProgramConfig
from program.side_by_side import start, together
from program.workbench import Workbench
from signatures.code import SolveDirectly
from signatures.tests import WriteTests


class SamplingConfig(ProgramConfig):
    """What each key does, besides those of every program.

    programs: programs sampled; AlphaCode's N. The first is asked for at `temperature`, the others at 0.8.
    stop_early: sample no further program once `agree` programs pass all public tests.
    agree: how many that takes.
    at_once: programs asked for side by side.
    ai_tests: tests the model writes for their inputs, on which behaviour is compared; 0 compares on public tests only.
    """

    programs: int = Field(default=10, ge=1)
    stop_early: bool = False
    agree: int = Field(default=3, ge=1)
    at_once: int = Field(default=5, ge=1)
    ai_tests: int = Field(default=6, ge=0)
    max_text_tokens: int = Field(default=700, ge=16)
    max_code_tokens: int = Field(default=700, ge=16)


class Sampling(dspy.Module):
    """Statement and public tests in, the program most others agree with out."""

    def __init__(self, config: SamplingConfig | None = None) -> None:
        super().__init__()
        self.config = config or SamplingConfig()
        self.solve = self.config.code_stage(SolveDirectly, attempts=1)
        if self.config.ai_tests:
            self.write_tests = self.config.text_stage(WriteTests, tests=self.config.ai_tests)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        """`code`: a program of the largest group; empty when no call gave one."""
        account().limit(self.config.budget)
        bench = Workbench(problem)
        tests = start(lambda: self._inputs(problem, sample))
        for first in range(0, self.config.programs, self.config.at_once):
            draws = range(first, min(first + self.config.at_once, self.config.programs))
            for code in together(*(lambda d=draw: self._program(problem, sample, d) for draw in draws)):
                bench.add(code)
            if self.config.stop_early and self._passing(bench) >= self.config.agree:
                break
        code = chosen(bench, tests.result())
        account().best(code)
        return dspy.Prediction(code=code)

    def _program(self, problem: Problem, sample: int, draw: int) -> str:
        answer = self.solve(sample, draw, problem=problem.text())
        return answer.code if answer else ""

    def _inputs(self, problem: Problem, sample: int) -> list[TestCase]:
        if not self.config.ai_tests:
            return []
        answer = self.write_tests(
            sample, problem=problem.text(), reflection=[], explanations=[], count=self.config.ai_tests
        )
        return usable_tests(answer.tests[: self.config.ai_tests], problem) if answer else []

    def _passing(self, bench: Workbench) -> int:
        return sum(bench.passes_all_public(code) for code in bench.programs)


def chosen(bench: Workbench, tests: Sequence[TestCase]) -> str:
    """The first program of the largest group; empty when there is no program.

    Args:
        bench: with the sampled programs. Without one that passes all public tests the closest program is taken.
        tests: whose inputs tell behaviours apart; their claimed outputs count for nothing.
    """
    passing = [code for code in bench.programs if bench.passes_all_public(code)]
    if not passing:
        return bench.best()
    groups: list[list[str]] = []
    for code in passing:
        group = next((each for each in groups if _alike(code, each[0], tests, bench)), None)
        if group is None:
            groups.append([code])
        else:
            group.append(code)
    largest = max(groups, key=len)
    account().decide(f"clusters: {len(largest)} of {len(passing)} programs that pass behave like the chosen one")
    return largest[0]


def _alike(first: str, second: str, tests: Sequence[TestCase], bench: Workbench) -> bool:
    pairs = zip(bench.results(first, tests), bench.results(second, tests), strict=True)
    return all(a.crashed == b.crashed and (a.crashed or bench.checker.matches(a.output, b.output)) for a, b in pairs)
