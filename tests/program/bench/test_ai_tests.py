"""Which AI tests are used, and what the programs at hand make of their outputs."""

import pytest

from judge.verdict import TestCase
from program.bench.ai_tests import MAX_CHARACTERS, agreed_tests, looks_like, usable_tests
from program.bench.workbench import Workbench
from program.problem import Problem
from signatures.fields import AITest
from tests.support.scripted import RIGHT
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("runs")

ALSO_RIGHT, THIRD = f"{RIGHT}# another\n", f"{RIGHT}# a third\n"
WRONG = "n = int(input())\nprint(2 * n if n < 3 else 7)\n"  # right on the public tests
ALSO_WRONG = f"{WRONG}# another\n"
ODD = "n = int(input())\nprint(2 * n if n < 3 else n)\n"
CRASH = "n = int(input())\nassert n < 3\nprint(2 * n)\n"
SILENT = "n = int(input())\nif n < 3:\n    print(2 * n)\n"
TALKATIVE = f"n = int(input())\nprint(2 * n if n < 3 else 'x' * {MAX_CHARACTERS + 1})\n"
CLAIM, FALSE_CLAIM = TestCase("3\n", "6\n"), TestCase("3\n", "9\n")


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


# Agreement


def agreed(problem, test: TestCase, *programs: str) -> list[TestCase]:
    bench = Workbench(problem)
    for program in programs:
        bench.add(program, "first")
    return agreed_tests([test], bench.passing(), bench)


@pytest.mark.parametrize("programs", [(), (WRONG,)], ids=["none", "one"])
def test_with_fewer_than_two_programs_the_claim_stays(double, trace, programs):
    assert agreed(double, CLAIM, *programs) == [CLAIM] and not trace.decisions


def test_a_claim_that_programs_confirm_stays(double, trace):
    assert agreed(double, CLAIM, RIGHT, ALSO_RIGHT, WRONG) == [CLAIM] and not trace.decisions


def test_an_output_that_most_programs_print_replaces_the_claim(double, trace):
    assert agreed(double, FALSE_CLAIM, RIGHT, ALSO_RIGHT) == [CLAIM]
    assert words(trace) == ["AI test 1: the output that most programs print replaces the claimed one"]


def test_the_majority_may_be_wrong_but_it_is_one(double):
    assert agreed(double, CLAIM, WRONG, ALSO_WRONG) == [TestCase("3\n", "7\n")]


@pytest.mark.parametrize(
    "programs",
    [(RIGHT, WRONG), (RIGHT, ALSO_RIGHT, WRONG), (RIGHT, WRONG, ODD)],
    ids=["one each", "two against two", "all different"],
)
def test_a_test_without_a_majority_is_doubtful_and_left_out(double, trace, programs):
    assert agreed(double, FALSE_CLAIM, *programs) == []
    assert words(trace) == ["AI test 1 is doubtful and left out: no output has a majority"]


@pytest.mark.parametrize("useless", [CRASH, SILENT, TALKATIVE], ids=["crash", "no output", "huge output"])
def test_programs_without_a_usable_output_confirm_nothing(double, trace, useless):
    assert agreed(double, CLAIM, useless, f"{useless}# again\n", f"{useless}# and again\n") == []
    assert agreed(double, FALSE_CLAIM, RIGHT, ALSO_RIGHT, THIRD, useless) == [CLAIM]


def test_programs_that_fail_public_tests_have_no_say(double, trace):
    failing = ["print(0)\n", "print(0)  # again\n", "print(0)  # and again\n"]
    assert agreed(double, CLAIM, *failing) == [CLAIM] and not trace.decisions
    assert agreed(double, CLAIM, *failing, RIGHT) == [CLAIM]


def test_without_public_tests_all_programs_have_a_say(trace):
    bare = Problem(name="Bare", description="")
    assert agreed(bare, FALSE_CLAIM, RIGHT, ALSO_RIGHT, THIRD, "print(0)\n") == [CLAIM]


def test_outputs_are_compared_as_the_judge_compares(double):
    halves = double.model_copy(update={"public_tests": ()})
    claim = TestCase("3\n", "1.5\n")
    programs = [f"print(int(input()) / 2 + {error})\n" for error in (0, 1e-9, -1e-9)]
    assert agreed(halves, claim, *programs) == [claim]


@pytest.mark.parametrize(
    ("text", "examples"),
    [
        pytest.param("anything at all", [], id="no examples"),
        pytest.param("7\n", ["3\n", "12\n"], id="one number"),
        pytest.param("-7\n", ["3\n"], id="a sign"),
        pytest.param("2 2\n1 2\n3 4\n", ["1 3\n1 2 3\n", "2 1\n1\n2\n"], id="more lines"),
        pytest.param("3\n1 2 3\n", ["2\n1 2\n"], id="a longer second line"),
        pytest.param("1 2 3 4\n", ["1 2 3\n"], id="one example says nothing about the length of a list"),
        pytest.param("1 2 3 4\n", ["1 2 3\n", "1 2\n"], id="first lines of several lengths"),
        pytest.param("3\n", ["2.5\n"], id="an integer for a number"),
        pytest.param("1e5\n", ["2.5\n"], id="another way to write a number"),
        pytest.param("12\n", ["abc\n", "b7\n"], id="digits for a word"),
        pytest.param("abc 4\n", ["x 1\n", "yz 22\n"], id="a word and a number"),
        pytest.param("\n3\n", ["3\n", "4\n"], id="a blank line first"),
        pytest.param("hello\n", ["a b\n"], id="a single sentence says nothing about the number of words"),
    ],
)
def test_what_could_be_an_input_is_let_through(text, examples):
    assert looks_like(text, examples)


@pytest.mark.parametrize(
    ("text", "examples"),
    [
        pytest.param("n = 5\n", ["3\n", "12\n"], id="a word among numbers"),
        pytest.param("[1, 2]\n", ["1 2\n"], id="a list as Python writes it"),
        pytest.param("2.5\n", ["3\n"], id="a fraction for an integer"),
        pytest.param("3 4\n", ["3\n", "12\n"], id="two numbers where there is one"),
        pytest.param("3 4\n", ["3\n1 2 3\n"], id="a count without its line"),
        pytest.param("5\n", ["1 3\n1 2 3\n", "2 1\n1\n2\n"], id="one number where there are two"),
        pytest.param("4 abc\n", ["x 1\n", "yz 22\n"], id="number and word in the wrong order"),
        pytest.param("", ["1\n", "2\n"], id="nothing"),
    ],
)
def test_what_cannot_is_not(text, examples):
    assert not looks_like(text, examples)


@pytest.mark.parametrize("examples", [["3\n1 2 3\n"], ["a b\n", "c d\n"], ["1.5 x\n7\n"]])
def test_every_example_looks_like_itself(examples):
    assert all(looks_like(text, examples) for text in examples)


def test_a_token_that_is_nearly_a_number_is_looked_through_once():
    """Were every split of its digits tried, this would not end."""
    assert not looks_like("9" * 1_000_000 + "x", ["1\n"])
