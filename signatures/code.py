"""What the stages that write programs are asked."""

from __future__ import annotations

import dspy

from signatures.fields import Solution


class SolveDirectly(dspy.Signature):
    """Write a complete Python 3 program that solves the contest problem. It reads standard input and prints
    only what the output section asks for, in exactly that format."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    code: str = dspy.OutputField(desc="the complete program")


class WriteCode(dspy.Signature):
    """Write a complete Python 3 program for the contest problem that follows the chosen solution. Split it into small
    functions with telling names, read standard input in exactly the format of the examples, and print only what the
    output section asks for."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[str] = dspy.InputField(desc="what was noted about the problem")
    solution: Solution | None = dspy.InputField(desc="the chosen solution")
    code: str = dspy.OutputField(desc="the complete program")


class FixCode(dspy.Signature):
    """The Python program below fails a test of the contest problem. Find the mistake and write the whole corrected
    program. Its first line is a comment that says what was wrong. Change what is wrong and keep what is right."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    code: str = dspy.InputField(desc="the program that fails")
    failure: str = dspy.InputField(desc="the test and what the program did on it")
    fixed_code: str = dspy.OutputField(desc="the whole corrected program, with the mistake in a comment on top")
