"""Problems with more than one right answer: how they are known, and what is not done for them."""

import pytest

from program.alphacodium import AlphaCodium
from program.bench.failure import about_source
from program.problem import Problem, PublicTest
from program.steps.config import FlowConfig
from tests.support.scripted import NEVER, RIGHT, Rollout, code, section

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")


@pytest.mark.parametrize(
    "statement",
    [
        "If there are multiple answers, print any.",
        "If there are several possible answers, you may print any of them.",
        "If there is more than one solution, you can output any one of them.",
        "Print any valid sequence of moves.",
        "Output any such permutation.",
        "It can be shown that there is an answer. You can print any correct answer.",
        "If there are many ways to do it, output any of them.",
        "Print the divisors in any order.",
        "Any suitable solution will be\naccepted.",
        "If there are multiple solutions, any of them will be accepted.",
        "There may be more than one way; any one of these is fine.",
        "If multiple answers exist, any is acceptable.",
        "If the answer does not fit, print -1. Otherwise print any of them.",
        "You are not given the sum, so print any pair.",
    ],
)
def test_statements_that_accept_several_answers_are_recognised(statement):
    assert Problem(name="P", description=f"Given n. {statement} Good luck.").accepts_several


@pytest.mark.parametrize(
    "statement",
    [
        "Print the number of ways, modulo any prime that is given.",
        "Print 2n. Do not print any extra spaces.",
        "Do not output any other text.",
        "The program must not display any prompt.",
        "It should not return any None values.",
        "You may print any number of spaces.",
        "Print the sum without printing any debug lines. Don't print any words.",
        "Output the sum of the edges, given in any order.",
        "Print the count of pairs that appear in any order.",
        "You can print each letter in any case (upper or lower).",
        "You may choose any two elements and swap them any number of times. Print the least sum.",
        "There are several ways to travel. Print the shortest distance.",
        "It is possible to travel from any station to any other. Print YES or NO.",
        "You can print the answer in any case.",
        "In how many ways can you color the tree so that any two adjacent vertices have different colors?",
        "How many ways are there to reach the last stair if you may climb any number of stairs at once?",
        "Print how many different ways there are to choose a subset such that no one of its elements divides another.",
        "Find the number of different ways to seat them, where any two of them may be neighbours.",
    ],
)
def test_other_statements_are_not(statement):
    assert not Problem(name="P", description=f"Given n. {statement}").accepts_several


@pytest.mark.parametrize(
    ("shown", "stored"), [("Yes", "YES\n"), ("0.50", "0.5\n"), ("$3$", "3\n"), ("1, 2", "1 2\n"), ("`no`", "NO\n")]
)
def test_an_output_in_another_form_is_no_other_output(shown, stored):
    problem = Problem(
        name="P",
        description=f"Input\n2\nOutput\nan integer\n\nSample:\nInput\n2\nOutput\n{shown}\n",
        public_tests=(PublicTest(input="2\n", output=stored),),
    )
    assert not problem.accepts_several


@pytest.mark.parametrize(
    ("shown", "several"),
    [
        *[
            ("2 3", True),
            ("3 2", False),
            ("3 2 Note The note.", False),
            ("3", True),
            ("**3 2**", False),
            ("3 2.", False),
        ],
        *[("3 2, because 3 * 2 = 6", False), ("3, 2", False), ("`3` `1`", True)],
    ],
)
def test_a_statement_that_shows_another_output_than_the_data_stores_accepts_several(shown, several):
    tests = (PublicTest(input="6\n", output="3 2\n"),)
    statement = f"Factor n.\n\nExample\n\nInput\n\n6\n\n\nOutput\n\n{shown}\n"
    assert Problem(name="P", description=statement, public_tests=tests).accepts_several == several


def several(double) -> Problem:
    return double.model_copy(update={"description": "Print any number. If there are several answers, print any."})


def test_no_outputs_are_claimed_and_that_is_said(double, trace):
    flow = Rollout(AlphaCodium(FlowConfig(brute_force=True)), several(double))
    assert flow.code == RIGHT
    assert not {"WriteTests", "WriteBruteForce", "WriteGenerator", "DeriveOutput"} & set(flow.stages)
    assert [each.kind for each in trace.decisions] == ["several answers"]


def test_no_fix_is_spent_on_an_answer_that_may_be_right(double):
    flow = Rollout(AlphaCodium(FlowConfig(code_attempts=1)), several(double), WriteCode=code(NEVER))
    assert flow.code == NEVER and "FixCode" not in flow.stages


@pytest.mark.parametrize("broken", ["raise ValueError\n", "pass\n"])
def test_a_crash_is_fixed_and_the_failure_does_not_contradict_the_statement(double, broken):
    config = FlowConfig(code_attempts=1)
    flow = Rollout(AlphaCodium(config), several(double), WriteCode=code(broken), FixCode=code(RIGHT))
    failure = section(flow.prompts("FixCode")[0], "failure")
    assert flow.code == RIGHT
    assert about_source("one of several") in failure and "One right output:\n2" in failure and "Expected" not in failure
