"""Sample, filter, cluster (AlphaCode, Li et al., arXiv 2203.07814, section 4): sample many programs, filter them by the
public tests, and choose from the largest group with the same behaviour on further inputs."""

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
    """The keys of sampling, besides the keys of every program."""

    programs: int = Field(default=10, ge=1)
    """number of programs sampled, AlphaCode's N; the first one uses `temperature`, the others 0.8"""
    stop_early: bool = False
    """sample no further program once `agree` programs pass all public tests"""
    agree: int = Field(default=3, ge=1)
    """number of programs that must pass all public tests for `stop_early`"""
    at_once: int = Field(default=5, ge=1)
    """programs requested concurrently"""
    ai_tests: int = Field(default=6, ge=0)
    """AI tests whose inputs are used to compare behaviour; 0 compares on public tests only"""
    choose: ChosenBy = "group"
    """how to choose among the programs that pass the public tests: one of the largest group that behaves alike on every
    input, or with `majority` the one that most others agree with, counted per input"""
    picks: int = Field(default=1, ge=1)
    """programs submitted for a problem, one of each group, the best group first; AlphaCode's n of n@k"""


class Sampling(Program):
    """Takes a statement and public tests, and returns the program that most others agree with."""

    continued_by = "programs"

    def __init__(self, config: SamplingConfig | None = None) -> None:
        super().__init__(config or SamplingConfig())
        self.solve = self.config.code_stage(SolveDirectly, attempts=1)
        if self.config.ai_tests:
            self.write_tests = self.config.text_stage(WriteTests, tests=self.config.ai_tests)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        """`code` in the prediction: a program of the largest group; empty if no call wrote one. `picks`: this program
        and the next ones to submit, as many as the configuration allows."""
        trace().limit(self.config.budget)
        bench = Workbench(problem)
        samples: list[str] = []
        # If draws are added one by one, all but the last are in the ledger; inputs are only needed to compare programs.
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
    """The programs in the order of submission: the first of each group, the best group first, then the second of each,
    and so on.

    Args:
        samples: the programs; a program that was sampled twice counts twice and is submitted once.
        tests: their inputs distinguish behaviours; their claimed outputs are ignored.
        bench: contains the samples. If none of them passes all public tests, only the closest program is returned.
        choose: which group is the best; among equals, the one that was sampled first.
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
