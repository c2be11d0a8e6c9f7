"""Problems as DSPy examples. An example holds the problem as the program sees it and nothing else: every field of an
example can end up in a prompt or a saved file, so the hidden tests stay behind the problem's name."""

from __future__ import annotations

import dspy

from eval.data import ProblemSet


def trainset(problems: ProblemSet) -> list[dspy.Example]:
    """One example a problem, with `problem` as its only field."""
    return [dspy.Example(problem=problem).with_inputs("problem") for problem in problems.problems]
