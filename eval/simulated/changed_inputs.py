"""Inputs made from those of the public tests by small changes. They may be invalid."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from program.problem import Problem

_TRIES = 24
_NUMBER = re.compile(r"-?\d+")


def changed_inputs(problem: Problem) -> Iterator[str]:
    """At most `_TRIES` different inputs, deterministic: public ones with one number changed a little, or with two
    neighbouring characters swapped."""
    draw = random.Random(f"inputs of {problem.name}")
    seen = {test.input.strip() for test in problem.public_tests}
    for _ in range(_TRIES if seen else 0):
        text = draw.choice(problem.public_tests).input
        numbers = list(_NUMBER.finditer(text))
        if numbers and draw.random() < 0.8:
            number = draw.choice(numbers)
            value = int(number.group()) + draw.choice([-2, -1, 1, 2])
            text = text[: number.start()] + str(value) + text[number.end() :]
        else:
            place = draw.randrange(max(1, len(text) - 1))
            text = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
        if text.strip() not in seen:
            seen.add(text.strip())
            yield text
