"""Sample, filter, cluster (AlphaCode, Li et al., arXiv 2203.07814, section 4): many programs, the public tests as a
filter, and of those that pass the largest group that behaves alike on further inputs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Literal

import dspy
import numpy as np
from pydantic import Field

from judge.verdict import TestCase
from program.bench.ai_tests import usable_tests
from program.bench.behaviours import behaviours, group_sizes, votes
from program.bench.readings import by_public_tests
from program.bench.workbench import Workbench
from program.problem import Problem
from program.rollout.context import context, trace
from program.rollout.decisions import ClusterChosen
from program.stage.config import ReasoningConfig
from program.stage.program import Program
from program.stage.side_by_side import start, together
from signatures.code import SolveDirectly
from signatures.tests import WriteTests

ChosenBy = Literal["group", "majority"]


class SamplingConfig(ReasoningConfig):
    """What sampling can be set to, besides the keys of every program."""

    programs: int = Field(default=10, ge=1)
    """programs sampled, AlphaCode's N; the first is asked for at `temperature`, the others at 0.8"""
    stop_early: bool = False
    """sample no further program once `agree` programs pass all public tests"""
    agree: int = Field(default=3, ge=1)
    """programs that have to pass all public tests for `stop_early`"""
    at_once: int = Field(default=5, ge=1)
    """programs asked for side by side"""
    ai_tests: int = Field(default=6, ge=0)
    """tests the model writes for their inputs, on which behaviour is compared; 0 compares on public tests only"""
    choose: ChosenBy = "group"
    """of the programs that pass the public tests one of the largest group that behaves alike on every input, or
    `majority`: the one that most others agree with, counted input by input"""
    picks: int = Field(default=1, ge=1)
    """programs handed in for a problem, one of each group, the best group first; AlphaCode's n of n@k"""


class Sampling(Program):
    """Statement and public tests in, the program most others agree with out."""

    continued_by = "programs"

    def __init__(self, config: SamplingConfig | None = None) -> None:
        super().__init__(config or SamplingConfig())
        self.solve = self.config.code_stage(SolveDirectly, attempts=1)
        if self.config.ai_tests:
            self.write_tests = self.config.text_stage(WriteTests, tests=self.config.ai_tests)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        """`code`: a program of the largest group; empty when no call gave one. `picks`: it and those that would be
        handed in next, as many as the configuration allows."""
        trace().limit(self.config.budget)
        bench = Workbench(problem)
        samples: list[str] = []
        # Draw by draw all but the last are in the ledger; inputs are asked for when there are behaviours to compare.
        at_once, tests = 1, None
        if not context().allowance:
            at_once, tests = self.config.at_once, start(lambda: self._inputs(problem, sample))
        for first in range(0, self.draws, at_once):
            draws = range(first, min(first + at_once, self.draws))
            drawn = together(*(lambda d=draw: self._program(problem, sample, d, bench) for draw in draws))
            samples += [bench.add(code, "further" if bench.programs else "first") for code in drawn]
            if self.config.stop_early and sum(map(bench.passes_all_public, samples)) >= self.config.agree:
                break
        if not tests and len(bench.passing()) > 1 and not trace().out_of_time():
            tests = start(lambda: self._inputs(problem, sample))
        inputs = tests.result() if tests and not trace().out_of_time() else []
        picks = ranked(samples, inputs, bench, self.config.choose)[: self.config.picks]
        code = picks[0] if picks else ""
        trace().best(code)
        return dspy.Prediction(code=code, picks=picks)

    def _program(self, problem: Problem, sample: int, draw: int, bench: Workbench) -> str:
        answer = self.solve(sample, draw, by_public_tests(bench), problem=problem.text())
        return answer.code if answer else ""

    def _inputs(self, problem: Problem, sample: int) -> list[TestCase]:
        if not self.config.ai_tests:
            return []
        answer = self.write_tests(
            sample, problem=problem.text(), reflection=[], explanations=[], count=self.config.ai_tests
        )
        return usable_tests(answer.tests[: self.config.ai_tests], problem) if answer else []


def ranked(
    samples: Sequence[str], tests: Sequence[TestCase], bench: Workbench, choose: ChosenBy = "group"
) -> list[str]:
    """The programs in the order in which they would be handed in: the first of each group, the best group first, then
    the second of each, and so on.

    Args:
        samples: the programs; one that was sampled twice counts twice and is handed in once.
        tests: whose inputs tell behaviours apart; their claimed outputs count for nothing.
        bench: that has the samples. Without one that passes all public tests it is the closest program alone.
        choose: which group is the best; of equals it is the one that was sampled first.
    """
    passing = [code for code in samples if bench.passes_all_public(code)]
    if not passing:
        return [closest] if (closest := bench.best()) else []
    matrix = behaviours([bench.results(code, tests) for code in passing], bench.checker)
    scores = group_sizes(matrix) if choose == "group" else votes(matrix).sum(axis=1)
    groups: dict[tuple[int, ...], list[str]] = {}
    for row in np.argsort(-scores, kind="stable"):
        groups.setdefault(tuple(matrix[row]), []).append(passing[row])
    best = next(iter(groups.values()))
    trace().decide(ClusterChosen(alike=len(best), passing=len(passing)))
    different = [list(dict.fromkeys(group)) for group in groups.values()]
    return [code for turn in zip_longest(*different) for code in turn if code is not None]
