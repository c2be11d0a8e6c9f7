"""Problems as DSPy examples. An example holds the problem as the program sees it and nothing else: every field of an
example can end up in a prompt or a saved file, so the hidden tests stay behind the problem's name."""

from __future__ import annotations

import random
from collections.abc import Sequence

import dspy

from program.problem import Problem


def examples(problems: Sequence[Problem]) -> list[dspy.Example]:
    """One a problem, with `problem` as its only field."""
    return [dspy.Example(problem=problem).with_inputs("problem") for problem in problems]


def halves(problems: Sequence[Problem], share: float, seed: int) -> tuple[list[Problem], list[Problem]]:
    """Problems to learn from and problems to choose candidates by, both in the order of the data.

    A candidate that shows a problem as a demonstration would be flattered by being scored on it.

    Args:
        problems: at least two.
        share: of the problems, that candidates are chosen by.
        seed: of the draw.
    """
    count = min(len(problems) - 1, max(1, round(len(problems) * share)))
    drawn = set(random.Random(seed).sample(range(len(problems)), count))
    learn = [problem for place, problem in enumerate(problems) if place not in drawn]
    return learn, [problem for place, problem in enumerate(problems) if place in drawn]
