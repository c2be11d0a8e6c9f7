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


@pytest.mark.parametrize("starter", [HELPERS, "def total(numbers):", "class Solution:\n    def total(self, numbers):"])
@pytest.mark.parametrize(
    "body", ["    return 7\n", "return 7\n", "        def seven():\n            return 7\n        return seven()\n"]
)
def test_the_body_of_the_function_is_put_into_the_starter(starter, body):
    made = {}
    exec(completed(body, starter), made)
    total = made["total"] if "total" in made else made["Solution"]().total
    assert total([1]) == 7


@pytest.mark.parametrize(
    "broken", ["def total(numbers):\n    seven = 7\nreturn seven\n", "return (7\n", "I would return 7\n", "return 7)\n"]
)
def test_other_broken_answers_stay_as_they_are(broken):
    assert completed(broken, HELPERS) == broken
