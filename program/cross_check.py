"""Cross-checking with brute force: a slow, obvious program decides what outputs should be.

It is trusted as far as it passes the public tests. It settles the outputs of AI tests, and with a generator of random
small inputs it looks for inputs on which the flow's program prints something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import dspy

from judge.judge import judge
from judge.verdict import TestCase
from program.account import account
from program.ai_tests import MAX_CHARACTERS
from program.flow_config import FlowConfig
from program.input_shape import looks_like
from program.side_by_side import together
from program.task import Task
from program.workbench import Workbench
from signatures.tests import WriteBruteForce, WriteGenerator

MAX_FOUND = 2  # failing random inputs that become tests: the smallest ones say most


@dataclass(frozen=True)
class Oracle:
    """What cross-checking goes by; either program is empty when no call gave one."""

    brute_force: str = ""
    generator: str = ""


class CrossCheck(dspy.Module):
    """Has the two programs written, side by side."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        if config.brute_force:
            self.write_brute_force = config.code_stage(WriteBruteForce)
            self.write_generator = config.code_stage(WriteGenerator)

    def forward(self, task: Task) -> Oracle:
        if not task.config.brute_force:
            return Oracle()
        brute_force, generator = together(
            lambda: self.write_brute_force(task.number, problem=task.text),
            lambda: self.write_generator(task.number, problem=task.text),
        )
        return Oracle(brute_force.code if brute_force else "", generator.code if generator else "")


def trusted(oracle: Oracle, bench: Workbench) -> bool:
    """Whether the brute-force program passes the public tests; without public tests there is nothing to trust it by.

    Where no other program does, it becomes a candidate for the answer.
    """
    if not oracle.brute_force:
        return False
    if not bench.public or not bench.passes_all_public(oracle.brute_force):
        account().decide("brute force: not trusted, as it passes not all public tests")
        return False
    if not bench.passes_all_public(bench.best()):
        bench.add(oracle.brute_force)
    return True


def settled_tests(tests: Sequence[TestCase], oracle: Oracle, bench: Workbench) -> list[TestCase]:
    """The tests with the outputs of the brute-force program; those it does not manage keep the claimed ones."""
    settled = []
    for number, (test, result) in enumerate(zip(tests, bench.results(oracle.brute_force, tests), strict=True), 1):
        if result.crashed or result.passed or not result.output.strip():
            settled.append(test)
        else:
            account().decide(f"AI test {number}: the output of the brute-force program replaces the claimed one")
            settled.append(TestCase(test.input, result.output))
    return settled


def differing_tests(code: str, oracle: Oracle, bench: Workbench, count: int) -> list[TestCase]:
    """Random small inputs on which `code` and the brute-force program print different things, the smallest first.

    Args:
        code: the program to check.
        oracle: whose brute-force program is trusted.
        bench: runs the two programs.
        count: inputs to try.
    """
    if not oracle.generator or not code:
        return []
    seeds = [TestCase(f"{seed}\n", "") for seed in range(1, count + 1)]
    made = [result.output for result in judge(oracle.generator, seeds, bench.limits).results if not result.crashed]
    public = [test.input for test in bench.public]
    inputs = [text for text in dict.fromkeys(made) if text.strip() and len(text) <= MAX_CHARACTERS]
    inputs = [text for text in inputs if looks_like(text, public)]
    truth = judge(oracle.brute_force, [TestCase(text, "") for text in inputs], bench.limits).results
    tests = [
        TestCase(text, result.output)
        for text, result in zip(inputs, truth, strict=True)
        if not result.crashed and result.output.strip()
    ]
    report = judge(code, tests, bench.limits, checker=bench.checker)
    failing = [test for test, result in zip(tests, report.results, strict=True) if not result.passed]
    account().decide(f"stress: the program fails {len(failing)} of {len(tests)} random inputs")
    return sorted(failing, key=lambda test: len(test.input))[:MAX_FOUND]
