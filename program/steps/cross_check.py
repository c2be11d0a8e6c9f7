"""Cross-checks with brute force: a slow, obvious program computes the right outputs.

It is trusted if it passes the public tests. It computes the outputs of AI tests. With a generator of random small
inputs, it finds inputs on which the flow's program prints something else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import dspy

from judge.verdict import Limits, TestCase
from program.bench.ai_tests import made_inputs, usable_output
from program.bench.readings import by_public_tests
from program.bench.workbench import Workbench
from program.rollout.context import trace
from program.rollout.decisions import BruteForceNotTrusted, StressTested
from program.stage.side_by_side import together
from program.steps.config import FlowConfig
from program.steps.task import Task
from signatures.tests import WriteBruteForce, WriteGenerator

SMALL_INPUT_SECONDS = 1.0  # enough for tiny inputs, of which there are many
MAX_FOUND = 2  # failing random inputs that become tests; the smallest are the most informative


@dataclass(frozen=True)
class Oracle:
    """The two programs for cross-checking; a program is empty if no call wrote it."""

    brute_force: str = ""
    generator: str = ""


class CrossCheck(dspy.Module):
    """Lets the model write the two programs, concurrently."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        if config.brute_force:
            self.write_brute_force = config.code_stage(WriteBruteForce, prepares=True, apart=True)
            self.write_generator = config.code_stage(WriteGenerator, prepares=True, apart=True)

    def forward(self, task: Task, bench: Workbench) -> Oracle:
        if not task.config.brute_force or task.problem.accepts_several:
            return Oracle()
        brute_force, generator = together(
            lambda: self.write_brute_force(task.number, choose=by_public_tests(bench), problem=task.text),
            lambda: self.write_generator(task.number, problem=task.text),
        )
        return Oracle(brute_force.code if brute_force else "", generator.code if generator else "")


def take_up_brute_force(oracle: Oracle, bench: Workbench) -> str:
    """The brute-force program if it can be trusted, which means that it passes the public tests; else an empty text,
    also if there are no public tests.

    If no other program passes them, it becomes a candidate for the answer.
    """
    if not oracle.brute_force:
        return ""
    if not bench.public or not bench.passes_all_public(oracle.brute_force):
        trace().decide(BruteForceNotTrusted())
        return ""
    if not bench.passes_all_public(bench.best()):
        bench.add(oracle.brute_force, "brute force")
    return oracle.brute_force


def differing_tests(code: str, oracle: Oracle, bench: Workbench, count: int) -> list[TestCase]:
    """Random small inputs on which `code` and the brute-force program print different outputs, the smallest first.

    Args:
        code: the program to check.
        oracle: contains the trusted brute-force program.
        bench: runs the two programs.
        count: the number of inputs to try.
    """
    if not oracle.generator or code in ("", oracle.brute_force):
        return []
    limits = replace(bench.limits, seconds=min(bench.limits.seconds, SMALL_INPUT_SECONDS))
    inputs = _random_inputs(oracle.generator, bench, limits, count)
    truth = bench.answers(oracle.brute_force, inputs, limits)
    outputs = zip(inputs, truth, strict=True)
    tests = [TestCase(text, result.output) for text, result in outputs if usable_output(result, bench.function)]
    results = zip(tests, bench.run(code, tests, limits), strict=True)
    failing = [test for test, result in results if not result.passed]
    trace().decide(StressTested(inputs=len(tests), failed=len(failing)))
    return sorted(failing, key=lambda test: len(test.input))[:MAX_FOUND]


def _random_inputs(generator: str, bench: Workbench, limits: Limits, count: int) -> list[str]:
    """The different outputs of `generator` for the seeds from 1 on that look like an input."""
    seeds = [f"{seed}\n" for seed in range(1, count + 1)]
    first = bench.run_helper(generator, seeds[:1], limits)
    if first[0].crashed:  # other seeds would crash too, and each may use its full time limit
        return []
    results = [*first, *bench.run_helper(generator, seeds[1:], limits)]
    return made_inputs(results, [test.input for test in bench.public], bench.function)
