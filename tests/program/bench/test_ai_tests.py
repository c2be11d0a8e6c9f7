"""Which AI tests can be used, and which output most programs agree on."""

import pytest

from judge.checker import STRICT
from program.bench.ai_tests import MAX_CHARACTERS, majority_output, usable_tests
from program.problem import Problem
from signatures.fields import AITest
from tests.support.trace_words import words


def usable(problem, *tests: tuple[str, str]) -> list[tuple[str, str]]:
    given = [AITest(input=text, output=output, explanation="") for text, output in tests]
    return [(test.input, test.output) for test in usable_tests(given, problem)]


def test_a_test_gets_the_line_ends_of_a_file(double):
    assert usable(double, ("\n3", "6\n\n"), ("4\n", " 8")) == [("3\n", "6\n"), ("4\n", " 8\n")]


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        (("", "0"), "empty"),
        (("5", " \n"), "empty"),
        ((" 1 ", "2"), "repeated"),  # of a public test
        (("1", "7"), "repeated"),  # contradicts one: public tests are never overwritten
        (("\n3\n", "9"), "repeated"),  # of an AI test
        (("9" * (MAX_CHARACTERS + 1), "1"), "huge"),
        (("9", "1" * (MAX_CHARACTERS + 1)), "huge"),
        (("n = 5", "10"), "unlike the examples"),
        (("1 2", "2 4"), "unlike the examples"),
    ],
)
def test_tests_that_are_of_no_use_are_dropped_with_the_reason(double, trace, test, reason):
    assert usable(double, ("3", "6"), test) == [("3\n", "6\n")]
    assert words(trace) == [f"AI tests: 1 of 2 left out (1 {reason})"]


def test_huge_tests_are_dropped_before_anything_else_is_done_with_them(double, trace):
    class Huge(str):
        def split(self, *_):
            raise AssertionError("100 MB are not to be looked through")

        strip = split

    test = AITest.model_construct(input=Huge("1" * (MAX_CHARACTERS + 1)), output="1", explanation="")
    assert usable_tests([test], double) == []


def test_without_public_tests_every_shape_will_do(trace):
    bare = Problem(name="Bare", description="")
    assert len(usable(bare, ("3", "6"), ("a b c", "d"))) == 2 and not trace.decisions


# Majorities


@pytest.mark.parametrize(
    ("outputs", "winner"),
    [
        ([], None),
        (["6"], "6"),
        (["6", "7"], None),
        (["6", "6", "7"], "6"),
        (["6", "7", "8"], None),
        (["6", "6", "7", "7"], None),
        (["6 ", "6", "6\n"], "6 "),
        (["", "", ""], None),
        (["6", "", ""], None),
        (["6", "6", ""], "6"),
    ],
)
def test_more_than_half_of_the_programs_make_a_majority(outputs, winner):
    assert majority_output(outputs, STRICT) == winner
