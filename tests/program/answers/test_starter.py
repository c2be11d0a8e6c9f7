"""What a problem gives and an answer takes for granted is added to the answer."""

import pytest

from program.answers.mends import completed

HELPERS = '''import math
from typing import List

BASE = 10


def digits(n):
    return [int(each) for each in str(n)] if BASE else []


def total(numbers: List[int]) -> int:
    """ Sum of all digits.
    >>> total([12])
    3
    """
'''


@pytest.mark.parametrize(
    ("answer", "added"),
    [
        ("def total(numbers: List[int]) -> int:\n    return 0\n", ["from typing import List"]),
        ("def total(numbers):\n    return sum(sum(digits(n)) for n in numbers)\n", ["BASE = 10", "def digits(n):"]),
        ("def total(numbers):\n    return math.inf\n", ["import math"]),
        ("def total(numbers):\n    return 0\n", []),
        ("from typing import List\ndef total(numbers: List[int]):\n    return 0\n", []),
        ("def total(numbers):\n    return unknown\n", []),
        ("no program", []),
    ],
)
def test_what_is_used_and_bound_nowhere_comes_from_the_starter(answer, added):
    made = completed(answer, HELPERS)
    assert made.endswith(answer) and all(line in made for line in added)
    assert (made == answer) == (not added)
    assert "def total" not in made.removesuffix(answer)


@pytest.mark.parametrize(
    "starter", ["", "def total(numbers):", "class Solution:\n    def total(self, n: int) -> int:", "((("]
)
def test_a_starter_without_more_than_the_function_adds_nothing(starter):
    answer = "def total(numbers: List[int]):\n    return 0\n"
    assert completed(answer, starter) == answer
