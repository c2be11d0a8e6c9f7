"""What the stages that write programs are asked."""

from __future__ import annotations

import dspy

from signatures.fields import ShortText, Solution


class SolveDirectly(dspy.Signature):
    """Write a complete Python 3 program that solves the contest problem. It reads standard input and prints
    only what the output section asks for, in exactly that format."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    code: str = dspy.OutputField(desc="the complete program")


class SolveStepByStep(dspy.Signature):
    """Think step by step about the contest problem in a few sentences: what is asked, the idea, the input format. Then
    write a complete Python 3 program that reads standard input and prints only what the output section asks for."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reasoning: str = dspy.OutputField(desc="the thoughts, in a few sentences")
    code: str = dspy.OutputField(desc="the complete program")


class WriteCode(dspy.Signature):
    """Write a complete Python 3 program for the contest problem that follows the chosen solution. Split it into small
    functions with telling names, read standard input in exactly the format of the examples, and print only what the
    output section asks for."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[str] = dspy.InputField(desc="what was noted about the problem")
    explanations: list[str] = dspy.InputField(desc="why the examples have their outputs")
    solution: Solution | None = dspy.InputField(desc="the chosen solution")
    steps: list[str] = dspy.InputField(desc="its steps, and how they lead to the examples' outputs")
    failure: str = dspy.InputField(desc="a test that an earlier program fails, and what that program did on it")
    code: str = dspy.OutputField(desc="the complete program")


class AnalyseFailure(dspy.Signature):
    """The given Python program fails a test of the contest problem. Do not write code. Say in short bullet points what
    it does on this input, where that leaves the rules of the statement, and what has to change."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[str] = dspy.InputField(desc="what was noted about the problem")
    explanations: list[str] = dspy.InputField(desc="why the examples have their outputs")
    code: str = dspy.InputField(desc="the program that fails")
    failure: str = dspy.InputField(desc="the test and what the program did on it")
    analysis: list[ShortText] = dspy.OutputField(desc="short bullet points: what is wrong and what has to change")


class FixCode(dspy.Signature):
    """The given Python program fails a test of the contest problem. Find the mistake and write the whole corrected
    program. Its first line is a comment that says what was wrong. Change what is wrong and keep what is right."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[str] = dspy.InputField(desc="what was noted about the problem")
    explanations: list[str] = dspy.InputField(desc="why the examples have their outputs")
    code: str = dspy.InputField(desc="the program that fails")
    failure: str = dspy.InputField(desc="the test and what the program did on it")
    analysis: list[str] = dspy.InputField(desc="what is wrong and what has to change, if that is known")
    fixed_code: str = dspy.OutputField(desc="the whole corrected program, with the mistake in a comment on top")


class DrawLesson(dspy.Signature):
    """The given Python program fails a test of the contest problem. Reflect on the attempt: in a few short
    bullet points say what went wrong and what the next attempt has to do differently. Do not write code."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    lessons: list[str] = dspy.InputField(desc="what earlier attempts have taught")
    code: str = dspy.InputField(desc="the program that fails")
    failure: str = dspy.InputField(desc="the test and what the program did on it")
    lesson: list[ShortText] = dspy.OutputField(desc="short bullet points for the next attempt")


class SolveWithLessons(dspy.Signature):
    """Write a complete Python 3 program that solves the contest problem, and mind what earlier attempts have taught. It
    reads standard input and prints only what the output section asks for, in exactly that format."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    lessons: list[str] = dspy.InputField(desc="what earlier attempts have taught")
    code: str = dspy.OutputField(desc="the complete program")
