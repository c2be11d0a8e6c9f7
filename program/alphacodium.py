"""The AlphaCodium flow (Ridnik et al., arXiv 2401.08500, figure 1): understand, plan, test, write, run and fix.

problem ─► reflection, test reasoning ─► solutions ─► ranking ─► code ─► fix or redraw on public tests ─► fix on AI
                                     └─► AI tests, brute force ──────────────────────► confirmation ───┘  tests
"""

from __future__ import annotations

from itertools import count
from typing import Any

import dspy

from judge.verdict import TestCase
from program.bench.readings import by_public_tests
from program.bench.workbench import Workbench
from program.problem import Problem
from program.rollout.context import branch, stronger_model, trace
from program.stage.program import Program
from program.stage.side_by_side import start
from program.steps.config import FlowConfig
from program.steps.confirm import Confirm
from program.steps.cross_check import CrossCheck, Oracle, differing_tests, take_up_brute_force
from program.steps.largest_input import LargestInput, confirmed_input
from program.steps.plan import Plan
from program.steps.repair import Repair
from program.steps.task import Task
from program.steps.understand import Understand
from program.steps.write_code import CodeWriter
from program.steps.write_tests import AITestWriter
from signatures.code import SolveDirectly, SolveStepByStep


class AlphaCodium(Program):
    """Takes a statement and its public tests, and returns the best program found."""

    continued_by = "rounds"

    def __init__(self, config: FlowConfig | None = None) -> None:
        config = config or FlowConfig()
        super().__init__(config)
        if config.direct_first:
            self.solve_directly = config.code_stage(SolveDirectly, attempts=1, apart=True)
            if config.vary_draws:
                self.think_first = config.code_stage(SolveStepByStep, attempts=1, apart=True)
        self.understand = Understand(config)
        self.plan = Plan(config)
        self.write_tests = AITestWriter(config)
        self.cross_check = CrossCheck(config)
        self.confirm = Confirm(config)
        self.largest_input = LargestInput(config)
        self.write_code = CodeWriter(config)
        self.repair = Repair(config)

    def forward(self, problem: Problem, sample: int = 0) -> dspy.Prediction:
        """`code` in the prediction: the best program; empty if no stage wrote one."""
        trace().limit(self.config.budget)
        bench = Workbench(problem)
        tasks = [Task(problem, sample, turn, self.config) for turn in range(self.draws)]
        if not self._draw_directly(tasks[0], bench):
            for task in tasks:
                stronger = task.turn > 0 or (self.config.direct_first > 0 and self._rest_is_stronger)
                with branch(), stronger_model(stronger):
                    self._go_through(task, bench)
                if bench.nothing_fails() or trace().spent():
                    break
        return dspy.Prediction(code=bench.best())

    def _go_through(self, task: Task, bench: Workbench) -> None:
        notes: Any = self.understand(task)
        claims: Any = start(lambda: self.write_tests(task, notes))
        oracle: Any = start(lambda: self.cross_check(task, bench))
        choices: Any = self.plan(task, notes)
        written: Any = self.write_code(task, notes, choices, bench)
        attempts = count(written)
        repair = self.repair(
            task,
            notes,
            bench,
            lambda f: self.write_code.write(task, notes, choices, next(attempts), bench, f),
            first=0 if task.turn else self.config.direct_fixes,
        )

        with stronger_model(self._rest_is_stronger):
            repair.on_public_tests(self.config.public_tries, task.fixes_per_program)
            # Only for a program that passes, and only until one is confirmed: otherwise its calls would be wasted.
            # Without public tests its validator could not be confirmed.
            asks = bool(bench.public) and bench.passes_all_public(bench.best()) and not bench.largest_input
            largest: Any = start(lambda: self.largest_input(task) if asks else ("", ""))
            claimed = claims.result()
            bench.add_ai_tests(self._confirmed(task, claimed, oracle.result(), bench))
            repair.on_ai_tests(claimed)
            bench.largest_input = self._confirmed_largest_input(largest.result(), bench)
            repair.on_largest_input([test.input for test in (*bench.public, *bench.ai, *claimed)])

    @property
    def _rest_is_stronger(self) -> bool:
        return self.config.stronger_for == "rest"

    def _confirmed(self, task: Task, claims: list[TestCase], oracle: Oracle, bench: Workbench) -> list[TestCase]:
        """The confirmed AI tests, and the confirmed random inputs on which the program and brute force differ.

        Returns no further tests if no program passes the public tests: those then show better what is wrong.
        """
        brute_force = "" if trace().out_of_time() else take_up_brute_force(oracle, bench)
        if trace().out_of_time() or not bench.passes_all_public(bench.best()):
            return []
        found = differing_tests(bench.best(), oracle, bench, self.config.stress_inputs) if brute_force else []
        confirmed: Any = self.confirm(task, claims, brute_force, bench)
        return [*found, *confirmed]

    def _confirmed_largest_input(self, programs: tuple[str, str], bench: Workbench) -> str:
        """The largest input, if it is confirmed and there is a program to run on it."""
        if bench.largest_input or trace().out_of_time() or not bench.passes_all_public(bench.best()):
            return bench.largest_input
        return confirmed_input(*programs, bench)

    def _draw_directly(self, task: Task, bench: Workbench) -> bool:
        """Run the cheap attempts that the configuration puts first: direct draws, then fixes of the best one.

        Returns:
            Whether the best program passes the public tests.
        """
        for draw in range(self.config.direct_first):
            ask: Any = self.think_first if self.config.vary_draws and draw % 2 else self.solve_directly
            answer = ask(task.sample, draw, by_public_tests(bench), problem=task.text)
            bench.add(answer.code if answer else "", "direct")
            if bench.public and bench.passes_all_public(bench.best()):
                return True
        self.repair.directly(task, bench)
        return bool(bench.public) and bench.passes_all_public(bench.best())
