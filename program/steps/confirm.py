"""Decides which AI tests count. A test that a model wrote is a claim, until something that did not see the claimed
output confirms it. Without confirmation, a claim never decides between programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import dspy

from judge.verdict import TestCase
from program.bench.ai_tests import fits_prompt, majority_output, usable_output
from program.bench.workbench import Workbench
from program.rollout.context import stronger_model, trace
from program.rollout.decisions import AITestChecked
from program.stage.side_by_side import together
from program.steps.config import FlowConfig
from program.steps.task import Task
from signatures.tests import DeriveOutput

MAX_STEPS = 12
MIN_PROGRAMS = 3  # for a majority


class Confirm(dspy.Module):
    """Confirms claimed outputs, by running programs if possible, else by another LM call."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        if config.ai_tests and config.second_derivations:
            self.derive_output = config.text_stage(DeriveOutput, steps=MAX_STEPS, apart=True)

    def forward(self, task: Task, claims: Sequence[TestCase], brute_force: str, bench: Workbench) -> list[TestCase]:
        """The confirmed tests, each with the confirmed output.

        Args:
            task: the task of this round.
            claims: tests with the outputs that the model claims.
            brute_force: a program that passes the public tests; empty if there is none.
            bench: contains the programs so far.
        """
        left, confirmed = dict(enumerate(claims, 1)), []
        if brute_force:
            confirmed += _by_programs([brute_force], left, bench, "brute force")
        passing = bench.passing()
        if len(passing) >= MIN_PROGRAMS:
            confirmed += _by_programs(passing, left, bench, "majority")
        return confirmed + self._by_deriving(task, left, bench)

    def _by_deriving(self, task: Task, left: dict[int, TestCase], bench: Workbench) -> list[TestCase]:
        """Only asks about claims that the best program fails: no other claim could change anything."""
        best = bench.best()
        shown = {number: test for number, test in left.items() if fits_prompt(test.input)}
        asked = [number for number, test in shown.items() if best and not bench.passes(best, [test])]
        asked = asked[: task.config.second_derivations]
        derived = together(*(lambda n=number: self._derive(task, n, left[n]) for number in asked))
        confirmed = []
        for number, output in zip(asked, derived, strict=True):
            agrees = bool(output.strip()) and bench.checker.matches(output, left[number].output)
            _enter(number, "second derivation", "confirmed" if agrees else "not confirmed")
            confirmed += [left[number]] if agrees else []
        return confirmed

    def _derive(self, task: Task, number: int, test: TestCase) -> str:
        with stronger_model(task.config.stronger_for == "tests"):
            answer = self.derive_output(task.number, number, problem=task.text, test_input=test.input)
        return answer.output if answer else ""


def _by_programs(
    programs: Sequence[str], left: dict[int, TestCase], bench: Workbench, by: Literal["brute force", "majority"]
) -> list[TestCase]:
    """The tests for which most of the programs agree on the output; they are removed from `left`."""
    tests = list(left.values())
    runs = zip(*(bench.results(program, tests) for program in programs), strict=True)
    confirmed = []
    for number, results in zip(list(left), runs, strict=True):
        outputs = [result.output if usable_output(result, bench.function) else "" for result in results]
        output = majority_output(outputs, bench.checker)
        if output is None:
            continue
        claim = left.pop(number)
        alike = bench.checker.matches(output, claim.output)
        _enter(number, by, "confirmed" if alike else "corrected")
        confirmed.append(claim if alike else TestCase(claim.input, output))
    return confirmed


def _enter(number: int, by, result) -> None:
    trace().decide(AITestChecked(number=number, by=by, result=result))
