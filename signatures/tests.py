"""What the stages that write tests are asked."""

from __future__ import annotations

import dspy

from signatures.fields import AITest, ShortText


class WriteTests(dspy.Signature):
    """Write further tests for the problem, as many as `count` says. Each has an input in exactly the format of the
    examples and the output that a right program prints for it. Go from easy to hard: small ones, an edge case, a large
    one. Work out each output with care and do not repeat the examples."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[str] = dspy.InputField(desc="what was noted about the problem")
    explanations: list[str] = dspy.InputField(desc="why the examples have their outputs")
    count: int = dspy.InputField(desc="how many tests to write at most")
    tests: list[AITest] = dspy.OutputField(desc="the tests")


class CheckTests(dspy.Signature):
    """These tests were written for the problem, and some of their outputs may be wrong. Work out the output of each
    input anew, by the rules of the statement, and write all the tests again, in their order, with what was wrong put
    right. Leave the inputs as they are unless they break the input format."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[str] = dspy.InputField(desc="what was noted about the problem")
    explanations: list[str] = dspy.InputField(desc="why the examples have their outputs")
    tests: list[AITest] = dspy.InputField(desc="the tests to check")
    checked: list[AITest] = dspy.OutputField(desc="the tests again, corrected")


class DeriveOutput(dspy.Signature):
    """Work out by hand, by the rules of the statement, what a right program prints for the given input. Go through the
    input step by step, then give the exact output. Do not write code."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    test_input: str = dspy.InputField(desc="the exact text of standard input")
    steps: list[ShortText] = dspy.OutputField(desc="the steps from the input to the output")
    output: str = dspy.OutputField(desc="the exact text a right program prints", max_length=500)


class WriteBruteForce(dspy.Signature):
    """Write the slowest and most obvious Python 3 program that is surely right for the contest problem: try everything,
    no clever idea. It need only manage tiny inputs. It reads standard input and prints exactly what is asked for."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    code: str = dspy.OutputField(desc="the complete program")


class WriteLargestInput(dspy.Signature):
    """Write a Python 3 program that prints the one input of the contest problem that takes a right but slow program
    longest: as large as the limits of the statement allow, in exactly the format of the examples. It reads nothing and
    prints the input and nothing else. Print at most some five million characters."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    printer_code: str = dspy.OutputField(desc="the complete program")


class WriteValidator(dspy.Signature):
    """Write a Python 3 program that checks whether an input of the contest problem keeps every rule and limit of the
    statement: format, number of lines and values, ranges. It reads the input from standard input. It prints VALID when
    all is in order and else what is wrong."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    validator_code: str = dspy.OutputField(desc="the complete program")


class WriteGenerator(dspy.Signature):
    """Write a Python 3 program that makes one random test input for the contest problem. It reads one integer from
    standard input, uses it as the seed of `random`, and prints a small valid input in exactly the format of the
    examples, and nothing else. All numbers and lengths are tiny, at most about 6."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    code: str = dspy.OutputField(desc="the complete generator program")
