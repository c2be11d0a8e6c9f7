"""Which of its readings an answer means, and what can be repaired in it without a call."""

import pytest

from program.answers.programs import NO_INPUT, SAYS_NOTHING, STUB, UNDEFINED, FoundProgram
from program.bench.readings import chosen
from program.bench.workbench import Workbench
from tests.support.scripted import FIRST_ONLY, NEVER, RIGHT, SECOND_ONLY
from tests.support.trace_words import words

NO_IMPORT = "print(2 * int(sys.stdin.readline()))\n"
NO_CALL = "def main():\n    print(2 * int(input()))\n"
NEITHER = "def main():\n    print(2 * int(sys.stdin.readline()))\n"


@pytest.fixture
def choose(double, runs, trace):
    def chosen_of(*programs, problem=double):
        found = [each if isinstance(each, FoundProgram) else FoundProgram(each) for each in programs]
        return chosen("WriteCode", found, Workbench(problem))

    return chosen_of


def test_one_reading_with_nothing_to_repair_is_taken_unseen(choose, runs, trace):
    assert choose(NEVER) == NEVER
    assert not runs and not trace.decisions


def test_the_reading_that_passes_most_public_tests_is_taken(choose, trace):
    assert choose(NEVER, FIRST_ONLY, RIGHT) == RIGHT
    assert choose(NEVER, FIRST_ONLY) == FIRST_ONLY
    assert words(trace) == [
        "WriteCode: reading 3 of 3, passes 2 of 2 public tests",
        "WriteCode: reading 2 of 2, passes 1 of 2 public tests",
    ]


def test_of_equals_the_likelier_is_taken_and_no_more_are_run_than_needed(choose, runs):
    assert choose(FIRST_ONLY, SECOND_ONLY) == FIRST_ONLY
    runs.clear()
    assert choose(RIGHT, NEVER) == RIGHT and NEVER not in {program for program, _ in runs}


def test_a_doubtful_reading_counts_only_if_it_alone_passes_everything(choose):
    doubtful = FoundProgram(RIGHT, doubts=(UNDEFINED,))
    assert choose(NEVER, doubtful) == choose(doubtful) == RIGHT
    assert choose(RIGHT, doubtful, FIRST_ONLY) == RIGHT
    assert choose(NEVER, FoundProgram(FIRST_ONLY, doubts=(UNDEFINED,))) == NEVER


@pytest.mark.parametrize("doubt", [NO_INPUT, SAYS_NOTHING, STUB])
def test_what_only_prints_the_example_is_not_tried(choose, doubt):
    assert choose(NEVER, FoundProgram(RIGHT, doubts=(UNDEFINED, doubt))) == NEVER


@pytest.mark.parametrize(
    ("program", "repairs"),
    [
        (NO_IMPORT, "an import added"),
        (NO_CALL, "its main function called"),
        (NEITHER, "an import added, its main function called"),
    ],
)
def test_what_fails_as_it_stands_is_repaired_without_a_call(choose, double, trace, program, repairs):
    code = choose(program)
    assert Workbench(double).passes_all_public(code) and code != program
    assert words(trace) == [f"WriteCode: reading 1 of 1, with {repairs}, passes 2 of 2 public tests"]


def test_a_repair_that_helps_nothing_is_not_made(choose, trace):
    useless = "def main():\n    print(0)\n"
    assert choose(useless) == useless and not trace.decisions


def test_a_repaired_reading_may_be_better_than_another_reading(choose):
    assert choose(FIRST_ONLY, NO_IMPORT).startswith("import sys")


def test_without_public_tests_the_likeliest_reading_is_taken_and_repaired(choose, double, runs):
    bare = double.model_copy(update={"public_tests": ()})
    assert choose(NEVER, RIGHT, problem=bare) == NEVER
    assert choose(NEITHER, RIGHT, problem=bare) == f"import sys\n{NEITHER}\n\nmain()\n" and not runs


def test_an_import_that_no_public_test_needs_is_added_too(choose):
    rare = f"{RIGHT}if False:\n    print(gcd(1, 2))\n"
    assert choose(rare) == f"from math import gcd\n{rare}"
