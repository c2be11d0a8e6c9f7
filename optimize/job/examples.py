"""Problems as DSPy examples. An example has only the problem as the program sees it. Every field of an example can end
up in a prompt or a saved file, so the hidden tests are looked up by the problem's name."""

from __future__ import annotations

import random
from collections.abc import Sequence

import dspy

from program.problem import Problem


def examples(problems: Sequence[Problem]) -> list[dspy.Example]:
    """One example per problem, with `problem` as its only field."""
    return [dspy.Example(problem=problem).with_inputs("problem") for problem in problems]


def halves(problems: Sequence[Problem], share: float, seed: int) -> tuple[list[Problem], list[Problem]]:
    """Problems for learning and problems for choosing candidates, both in the order of the data.

    A candidate's score would be too high on a problem that is one of its demonstrations.

    Args:
        problems: at least two.
        share: of the problems for choosing candidates.
        seed: of the random split.
    """
    count = min(len(problems) - 1, max(1, round(len(problems) * share)))
    drawn = set(random.Random(seed).sample(range(len(problems)), count))
    learn = [problem for place, problem in enumerate(problems) if place not in drawn]
    return learn, [problem for place, problem in enumerate(problems) if place in drawn]
