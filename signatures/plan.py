"""What the planning stages are asked: candidate solutions in words, their ranking, further tests."""

from __future__ import annotations

import dspy

from signatures.fields import AITest, ShortText, Solution


class ProposeSolutions(dspy.Signature):
    """Propose different ways to solve the problem, each described in words and not in code. Each must be right for
    every input the statement allows and fast enough for the largest one; prefer the simple one."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[str] = dspy.InputField(desc="what was noted about the problem")
    explanations: list[str] = dspy.InputField(desc="why the examples have their outputs")
    count: int = dspy.InputField(desc="how many solutions to propose at most")
    solutions: list[Solution] = dspy.OutputField(desc="the proposed solutions")


class RankSolutions(dspy.Signature):
    """Rank the proposed solutions from best to worst: first those that are surely right for every allowed input and
    explain every example, then the fast ones, then the ones that are simple to write."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    solutions: list[Solution] = dspy.InputField(desc="the proposed solutions")
    ranking: list[ShortText] = dspy.OutputField(desc="the names of all solutions, best first")


class WriteTests(dspy.Signature):
    """Write further tests for the problem. Each has an input in exactly the format of the examples and the output that
    a right program prints for it. Go from easy to hard: a small one, an edge case, a larger one. Work out each
    output with care and do not repeat the examples."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[str] = dspy.InputField(desc="what was noted about the problem")
    count: int = dspy.InputField(desc="how many tests to write at most")
    tests: list[AITest] = dspy.OutputField(desc="the tests")
