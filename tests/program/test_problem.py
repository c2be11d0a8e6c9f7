"""The problem as programs see it: its text in prompts, and no place for anything hidden."""

import pytest
from pydantic import ValidationError

from judge.limits import limits_of
from judge.verdict import TestCase
from program.problem import Problem, PublicTest

PAIR = PublicTest(input="1 2\n3\n", output="6\n")
OTHER = PublicTest(input="5\n", output="5\n")


def problem(description="Print the sum.", *tests, **more) -> Problem:
    return Problem(name="Sum", description=description, public_tests=tests, **more)


def test_examples_the_statement_does_not_show_are_shown():
    assert problem("\nPrint the sum.\n", PAIR, OTHER, seconds=2.5).text() == (
        "Sum\n\nPrint the sum.\n\nTime limit: 2.5 seconds\n\n"
        "Example 1\nInput:\n1 2\n3\nOutput:\n6\n\nExample 2\nInput:\n5\nOutput:\n5"
    )


@pytest.mark.parametrize("heading", ["Examples", "Example", "  SAMPLE 1:", "Sample Input", "example"])
def test_examples_the_statement_shows_are_not_shown_twice(heading):
    statement = f"Print the sum.\n\n{heading}\n\nInput\n\n1  2\n3\n\nOutput\n\n6"
    assert problem(statement, PAIR).text() == f"Sum\n\n{statement}"


@pytest.mark.parametrize(
    "statement",
    ["Examples\n\nInput\n\n1 2\n3\n\nOutput\n\n6", "For 1 2 3 print 6, for 5 print 5.", "Counterexamples\n1 2 3\n5"],
    ids=["one is missing", "no heading", "another heading"],
)
def test_otherwise_all_examples_are_shown(statement):
    text = problem(statement, PAIR, OTHER).text()
    assert "Example 1\nInput:\n1 2\n3\nOutput:\n6" in text and "Example 2\nInput:\n5\nOutput:\n5" in text


def test_prose_about_an_example_is_not_an_example():
    text = problem("Sums can be large.\nExample for this: 1500 takes four digits.", OTHER).text()
    assert "Input:\n5\nOutput:\n5" in text


def test_without_public_tests_there_are_no_examples():
    assert problem().text() == "Sum\n\nPrint the sum."
    assert problem(seconds=1.5).text() == "Sum\n\nPrint the sum.\n\nTime limit: 1.5 seconds"


def test_limits_and_tests_are_what_the_judge_takes():
    made = problem("", PAIR, seconds=1.5, memory_bytes=2**20)
    assert made.limits() == limits_of(1.5, 2**20)
    assert made.tests() == [TestCase("1 2\n3\n", "6\n")]  # to the letter
    assert problem().limits() == limits_of(None, None)


@pytest.mark.parametrize("field", ["hidden_tests", "private_tests", "generated_tests", "solutions", "tests", "extra"])
def test_nothing_else_fits_into_a_problem(field):
    with pytest.raises(ValidationError, match=field):
        problem(**{field: ["1"]})
    made = problem()
    with pytest.raises(ValidationError):
        setattr(made, field, ["1"])
    assert set(made.model_dump()) == {"name", "description", "public_tests", "seconds", "memory_bytes"}


def test_nothing_else_fits_into_a_public_test():
    with pytest.raises(ValidationError, match="hidden"):
        PublicTest(input="1", output="2", hidden=True)  # pyright: ignore[reportCallIssue]


def test_a_problem_cannot_be_changed():
    made = problem("", PAIR)
    with pytest.raises(ValidationError):
        made.public_tests = (OTHER,)
