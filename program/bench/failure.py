"""What a repairing stage is told about one failed test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from judge.verdict import TestCase, TestResult, Verdict

SHOWN_CHARACTERS = 400  # of each input, output and error
ERROR_LINES = 4
INPUT, EXPECTED, ONE_OF_SEVERAL = "Input:\n", "Expected output:\n", "One right output:\n"
PRINTED, FAULT, STEPS = "Output of the program:\n", "Error:\n", "Last steps of the program:\n"
ARGUMENTS, EXPECTED_VALUE, ONE_RIGHT_VALUE = "Arguments:\n", "Expected value:\n", "One right value:\n"
RETURNED = "Value that the function returns:\n"


@dataclass(frozen=True)
class Words:
    """How failures of what a problem asks for are described.

    nothing: in place of "a wrong answer", where the output is `empty`.
    """

    it: str
    wrong: str
    empty: str
    nothing: str
    input: str
    expected: str
    one_of_several: str
    output: str

    def said(self, verdict: Verdict) -> str:
        """What has happened, in a sentence."""
        return {
            Verdict.WA: f"The {self.it} {self.wrong}.",
            Verdict.RE: f"The {self.it} stops with an error.",
            Verdict.CE: "The program is not valid Python.",
            Verdict.TLE: f"The {self.it} takes too long.",
            Verdict.MLE: f"The {self.it} uses too much memory.",
            Verdict.OLE: f"The {self.it} prints far too much.",
        }[verdict]


PROGRAM = Words(
    "program",
    "prints a wrong answer",
    "",
    "The program prints nothing at all. Is its main function called, and its result printed?",
    INPUT,
    EXPECTED,
    ONE_OF_SEVERAL,
    PRINTED,
)
FUNCTION = Words(
    "function",
    "returns a wrong value",
    "None",
    "The function returns None. Is its result returned, and not only printed?",
    ARGUMENTS,
    EXPECTED_VALUE,
    ONE_RIGHT_VALUE,
    RETURNED,
)


# Of a test: an example of the statement, one whose output is one of several right ones, a test that a model wrote, an
# input alone.
Source = Literal["example", "one of several", "written", "input"]
SOURCES: dict[Source, str] = {
    "example": "The test is an example of the statement, so its expected output is right.",
    "one of several": "The test is an example of the statement, which accepts other outputs too.",
    "written": "A model wrote the test, so its expected output may be wrong. If it is, say so and give no program.",
    "input": "A model wrote the input, as large as the statement allows. The program has to end in time on it.",
}


def describe_failure(
    test: TestCase, result: TestResult, source: Source, last_steps: str = "", words: Words = PROGRAM
) -> str:
    """The failure in words, with the test, what the program printed, the end of its error trace and its last steps.

    Args:
        test: that failed.
        result: of the program on it.
        source: of the test.
        last_steps: lines of a runtime trace, if there is one.
        words: for what the problem asks for.
    """
    silent = result.verdict is Verdict.WA and result.output.strip() == words.empty
    parts = [words.nothing if silent else words.said(result.verdict)]
    parts += [SOURCES[source], _shown(test, source, words)]
    if result.output.strip():
        parts.append(f"{words.output}{_cut(result.output)}")
    if result.error.strip():
        parts.append(f"{FAULT}{_end(result.error)}")
    if last_steps:
        parts.append(f"{STEPS}{last_steps}")
    return "\n".join(parts)


def _shown(test: TestCase, source: Source, words: Words) -> str:
    shown = f"{words.input}{_cut(test.input)}"
    expected = words.one_of_several if source == "one of several" else words.expected
    return shown if source == "input" else f"{shown}\n{expected}{_cut(test.output)}"


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " …"


def _end(text: str) -> str:
    """The last lines of an error trace: where it happened and what it was."""
    return "\n".join(text.strip().splitlines()[-ERROR_LINES:])[-SHOWN_CHARACTERS:]
