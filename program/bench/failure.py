"""The description of a failed test for stages that fix programs."""

from __future__ import annotations

from typing import Literal

from judge.verdict import TestCase, TestResult, Verdict
from program.bench.words import PROGRAM, Words

QUOTED_CHARACTERS = 400  # of each input, output and error
ERROR_LINES = 4
FAULT, STEPS = "Error:\n", "Last steps of the program:\n"

# The origin of a test: an example of the statement, an example with several right outputs, an AI test, or only an
# input.
Source = Literal["example", "one of several", "written", "input"]
_SOURCES: dict[Source, str] = {
    "example": "The test is an example of the statement, so its expected {right} is right.",
    "one of several": "The test is an example of the statement, which accepts other {right}s too.",
    "written": "A model wrote the test, so its expected {right} may be wrong. If it is, say so and give no program.",
    "input": "A model wrote the {input}, as large as the statement allows. The {it} has to end in time on {them}.",
}


def about_source(source: Source, words: Words = PROGRAM) -> str:
    """The sentence about the origin of a test."""
    them = "them" if words.input.endswith("s") else "it"
    return _SOURCES[source].format(right=words.right, it=words.it, input=words.input.lower(), them=them)


def describe_failure(
    test: TestCase, result: TestResult, source: Source, last_steps: str = "", words: Words = PROGRAM
) -> str:
    """Describe a failure: the test, what the program printed, the end of its error trace and its last steps.

    Args:
        test: the failed test.
        result: the result of the program on it.
        source: the origin of the test.
        last_steps: lines of a runtime trace, if there is one.
        words: the words for a program or a function.
    """
    silent = result.verdict is Verdict.WA and result.output.strip() == words.empty
    parts = [words.nothing if silent else f"The {words.it} {words.said(result.verdict)}."]
    parts += [about_source(source, words), _shown(test, source, words)]
    if result.output.strip():
        parts.append(f"{words.answered}:\n{_cut(result.output)}")
    if result.error.strip():
        parts.append(f"{FAULT}{_end(result.error)}")
    if last_steps:
        parts.append(f"{STEPS}{last_steps}")
    return "\n".join(parts)


def _shown(test: TestCase, source: Source, words: Words) -> str:
    shown = f"{words.input}:\n{_cut(test.input)}"
    expected = f"{'One right' if source == 'one of several' else 'Expected'} {words.right}"
    return shown if source == "input" else f"{shown}\n{expected}:\n{_cut(test.output)}"


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= QUOTED_CHARACTERS else text[:QUOTED_CHARACTERS] + " …"


def _end(text: str) -> str:
    """The last lines of an error trace: the location and the error."""
    return "\n".join(text.strip().splitlines()[-ERROR_LINES:])[-QUOTED_CHARACTERS:]
