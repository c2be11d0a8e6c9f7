"""What a repairing stage is told about one failed test."""

from __future__ import annotations

from typing import Literal

from judge.verdict import TestCase, TestResult, Verdict

SHOWN_CHARACTERS = 400  # of each input, output and error
ERROR_LINES = 4
SAID = {
    Verdict.WA: "The program prints a wrong answer.",
    Verdict.RE: "The program stops with an error.",
    Verdict.CE: "The program is not valid Python.",
    Verdict.TLE: "The program takes too long.",
    Verdict.MLE: "The program uses too much memory.",
    Verdict.OLE: "The program prints far too much.",
}
INPUT, EXPECTED, ONE_OF_SEVERAL = "Input:\n", "Expected output:\n", "One right output:\n"
PRINTED, FAULT, STEPS = "Output of the program:\n", "Error:\n", "Last steps of the program:\n"
NOTHING = "The program prints nothing at all. Is its main function called, and its result printed?"


# Of a test: an example of the statement, one whose output is one of several right ones, a test that a model wrote, an
# input alone.
Source = Literal["example", "one of several", "written", "input"]
SOURCES: dict[Source, str] = {
    "example": "The test is an example of the statement, so its expected output is right.",
    "one of several": "The test is an example of the statement, which accepts other outputs too.",
    "written": "A model wrote the test, so its expected output may be wrong. If it is, say so and give no program.",
    "input": "A model wrote the input, as large as the statement allows. The program has to end in time on it.",
}


def describe_failure(test: TestCase, result: TestResult, source: Source, last_steps: str = "") -> str:
    """The failure in words, with the test, what the program printed, the end of its error trace and its last steps.

    Args:
        test: that failed.
        result: of the program on it.
        source: of the test.
        last_steps: lines of a runtime trace, if there is one.
    """
    silent = result.verdict is Verdict.WA and not result.output.strip()
    parts = [NOTHING if silent else SAID[result.verdict]]
    parts += [SOURCES[source], _shown(test, source)]
    if result.output.strip():
        parts.append(f"{PRINTED}{_cut(result.output)}")
    if result.error.strip():
        parts.append(f"{FAULT}{_end(result.error)}")
    if last_steps:
        parts.append(f"{STEPS}{last_steps}")
    return "\n".join(parts)


def _shown(test: TestCase, source: Source) -> str:
    shown = f"{INPUT}{_cut(test.input)}"
    expected = ONE_OF_SEVERAL if source == "one of several" else EXPECTED
    return shown if source == "input" else f"{shown}\n{expected}{_cut(test.output)}"


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " …"


def _end(text: str) -> str:
    """The last lines of an error trace: where it happened and what it was."""
    return "\n".join(text.strip().splitlines()[-ERROR_LINES:])[-SHOWN_CHARACTERS:]
