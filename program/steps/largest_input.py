"""Tests the running time with the largest input that the statement allows. It is too long for an answer, so the model
writes a program that prints it. The input counts if an independently written validator accepts it.
"""

from __future__ import annotations

import dspy

from program.bench.workbench import Workbench
from program.rollout.context import trace
from program.rollout.decisions import LargestInputChecked
from program.stage.side_by_side import together
from program.steps.config import FlowConfig
from program.steps.task import Task
from signatures.tests import WriteLargestInput, WriteValidator

VALID = "VALID"


class LargestInput(dspy.Module):
    """Lets the model write the two programs, concurrently, and runs them."""

    def __init__(self, config: FlowConfig) -> None:
        super().__init__()
        if config.time_fixes != 0:
            self.write_largest_input = config.code_stage(
                WriteLargestInput, reads_input=False, prepares=True, apart=True
            )
            self.write_validator = config.code_stage(WriteValidator, prepares=True, apart=True)

    def forward(self, task: Task) -> tuple[str, str]:
        """The program that prints the input and its validator; both are empty if one is missing."""
        if not task.time_fixes:
            return "", ""
        printer, validator = together(
            lambda: self.write_largest_input(task.number, problem=task.text),
            lambda: self.write_validator(task.number, problem=task.text),
        )
        return (printer.printer_code, validator.validator_code) if printer and validator else ("", "")


def confirmed_input(printer: str, validator: str, bench: Workbench) -> str:
    """The input that `printer` prints, if `validator` accepts it; else an empty text.

    A validator is trusted if it accepts the inputs of all public tests (there must be at least one), and rejects each
    of them with its first token spoiled.
    """
    if not printer or not bench.public:
        return ""
    public = [test.input for test in bench.public]
    spoiled = [f"?{text}" for text in public]
    accepted = _accepted(validator, [*public, *spoiled], bench)
    if accepted != [*[True] * len(public), *[False] * len(spoiled)]:
        trace().decide(LargestInputChecked(result="no validator", characters=0))
        return ""
    printed = bench.run_helper(printer, [""], bench.limits)[0]
    text = "" if printed.crashed else printed.output
    valid = bool(text.strip()) and _accepted(validator, [text], bench) == [True]
    trace().decide(LargestInputChecked(result="confirmed" if valid else "not valid", characters=len(text)))
    return text if valid else ""


def _accepted(validator: str, inputs: list[str], bench: Workbench) -> list[bool]:
    results = bench.run_helper(validator, inputs, bench.limits)
    return [not result.crashed and result.output.strip() == VALID for result in results]
