"""What the planning stages are asked: candidate solutions in words, and their ranking."""

from __future__ import annotations

import dspy

from signatures.fields import ShortText, Solution


class ProposeSolutions(dspy.Signature):
    """Propose different ways to solve the problem, at most as many as `count` says, each described in words and not in
    code. Each must be right for every input the statement allows and fast enough for the largest one; prefer the simple
    one, and mind the wishes where there are any."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[str] = dspy.InputField(desc="what was noted about the problem")
    explanations: list[str] = dspy.InputField(desc="why the examples have their outputs")
    count: int = dspy.InputField(desc="how many solutions to propose at most")
    wishes: str = dspy.InputField(desc="what the solutions should be like besides")
    solutions: list[Solution] = dspy.OutputField(desc="the proposed solutions")


class RankSolutions(dspy.Signature):
    """Rank the proposed solutions from best to worst: first those that are surely right for every allowed input and
    explain every example, then the fast ones, then the ones that are simple to write. Then go through the best one
    step by step and say how it leads to the output of each example."""

    problem: str = dspy.InputField(desc="the statement with its example tests")
    reflection: list[str] = dspy.InputField(desc="what was noted about the problem")
    explanations: list[str] = dspy.InputField(desc="why the examples have their outputs")
    solutions: list[Solution] = dspy.InputField(desc="the proposed solutions")
    ranking: list[ShortText] = dspy.OutputField(desc="the names of all solutions, best first")
    steps: list[ShortText] = dspy.OutputField(
        desc="the steps of the best one, and how they lead to each example's output"
    )
