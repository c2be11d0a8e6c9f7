"""The AlphaCodium flow (Ridnik et al., arXiv 2401.08500, figure 1): understand, plan, test, write, run and fix.

problem ─► reflection ─► test reasoning ─► solutions ─► ranking ─► AI tests      (pre-processing, in words)
        └► code, down the ranking ─► fix on public tests ─► fix on AI tests      (code iterations, by running)
"""

from __future__ import annotations

import dspy

from program.account import account
from program.ai_tests import usable_tests
from program.flow_config import FlowConfig
from program.problem import Problem
from program.ranking import in_order, without_repeats
from program.repair import Repairer
from program.stage import Stage
from program.workbench import Workbench
from signatures.code import FixCode, WriteCode
from signatures.plan import ProposeSolutions, RankSolutions, WriteTests
from signatures.understand import ExplainTests, ReflectOnProblem


class AlphaCodium(dspy.Module):
    """Statement and public tests in, the best program found out."""

    def __init__(self, config: FlowConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or FlowConfig()
        words, code, heat = c.max_text_tokens, c.max_code_tokens, c.temperature
        self.reflect = Stage(ReflectOnProblem, words, heat, max_items={"reflection": 5})
        self.explain_tests = Stage(ExplainTests, words, heat, max_items={"explanations": 5})
        self.propose_solutions = Stage(ProposeSolutions, words, heat, max_items={"solutions": c.solutions})
        self.rank_solutions = Stage(RankSolutions, words, heat, max_items={"ranking": c.solutions})
        self.write_tests = Stage(WriteTests, words, heat, max_items={"tests": max(1, c.ai_tests)})
        self.write_code = Stage(WriteCode, code, heat)
        self.fix_code = Stage(FixCode, code, heat)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        """`code`: the program; empty when no stage gave one."""
        text = problem.text()
        reflection = self._reflect(sample, text)
        explanations = self._explain(sample, text, reflection, problem)
        solutions = self._plan(sample, text, reflection, explanations)
        bench = Workbench(problem, self._ai_tests(sample, text, reflection, problem))
        repairer = Repairer(bench, self.fix_code, sample, text)
        code = self._first_code(sample, text, reflection, solutions, bench)
        code = repairer.run(code, bench.public, self.config.public_fixes_per_test, self.config.public_fixes)
        account().best(bench.best())
        repairer.run(code, bench.ai, 1, self.config.ai_fixes)
        account().best(bench.best())
        return dspy.Prediction(code=bench.best())

    def _reflect(self, sample, text):
        answer = self.reflect(sample, problem=text)
        return without_repeats(answer.reflection) if answer else []

    def _explain(self, sample, text, reflection, problem):
        if not problem.public_tests:
            return []
        answer = self.explain_tests(sample, problem=text, reflection=reflection)
        return answer.explanations[: len(problem.public_tests)] if answer else []

    def _plan(self, sample, text, reflection, explanations):
        asked = {
            "problem": text,
            "reflection": reflection,
            "explanations": explanations,
            "count": self.config.solutions,
        }
        answer = self.propose_solutions(sample, **asked)
        solutions = without_repeats(answer.solutions[: self.config.solutions]) if answer else []
        if len(solutions) < 2:
            return solutions
        ranking = self.rank_solutions(sample, problem=text, solutions=solutions)
        return in_order(solutions, ranking.ranking) if ranking else solutions

    def _ai_tests(self, sample, text, reflection, problem):
        if not self.config.ai_tests:
            return []
        answer = self.write_tests(sample, problem=text, reflection=reflection, count=self.config.ai_tests)
        return usable_tests(answer.tests[: self.config.ai_tests], problem) if answer else []

    def _first_code(self, sample, text, reflection, solutions, bench):
        """The best solution twice, then down the ranking, until the public tests pass."""
        for attempt in range(self.config.code_attempts):
            solution = solutions[max(0, attempt - 1) % len(solutions)] if solutions else None
            answer = self.write_code(sample, attempt, problem=text, reflection=reflection, solution=solution)
            if answer and bench.passes_all_public(answer.code):
                break
        account().best(bench.best())
        return bench.best()
