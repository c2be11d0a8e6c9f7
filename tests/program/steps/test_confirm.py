"""A test that a model wrote counts only where something that did not see the claimed output confirms it."""

import json

import pytest

from judge.verdict import TestCase
from program.bench.workbench import Workbench
from program.problem import Problem
from program.steps.config import FlowConfig
from program.steps.confirm import MIN_PROGRAMS, Confirm
from program.steps.task import Task
from tests.support.scripted import GARBAGE, NEVER, RIGHT, Rollout
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")

CLAIM, FALSE_CLAIM = TestCase("3\n", "6\n"), TestCase("3\n", "7\n")
WRONG = "n = int(input())\nprint(2 * n if n < 3 else 7)\n"  # right on the public tests
CRASH = "n = int(input())\nassert n < 3\nprint(2 * n)\n"
SILENT = "n = int(input())\nif n < 3:\n    print(2 * n)\n"
TALKATIVE = "n = int(input())\nprint(2 * n if n < 3 else 'x' * 20_001)\n"


def again(program: str, count: int) -> list[str]:
    """Programs that do the same in other words."""
    return [program + "pass\n" * number for number in range(count)]


def derived(output: str) -> str:
    return json.dumps({"steps": ["double it"], "output": output})


def confirm(problem, claims, programs, answers=GARBAGE, brute_force="", **config) -> tuple[list[TestCase], Rollout]:
    """What is confirmed of the claims with these programs on the bench."""
    bench = Workbench(problem)
    for program in programs:
        bench.add(program, "further")
    settings = FlowConfig(**config)
    task = Task(problem, 0, 0, settings)
    rollout = Rollout(Confirm(settings), task, claims, brute_force, bench, DeriveOutput=answers)
    return rollout.result, rollout


# By programs


@pytest.mark.parametrize(("claim", "said"), [(CLAIM, "confirmed"), (FALSE_CLAIM, "corrected")])
def test_a_brute_force_program_says_what_the_output_is(double, trace, claim, said):
    found, rollout = confirm(double, [claim], [WRONG], brute_force=RIGHT)
    assert found == [CLAIM] and not rollout.asked
    assert words(trace) == [f"AI test 1: {said} by brute force"]


@pytest.mark.parametrize(("claim", "said"), [(CLAIM, "confirmed"), (FALSE_CLAIM, "corrected")])
def test_most_of_three_programs_say_what_the_output_is(double, trace, claim, said):
    found, rollout = confirm(double, [claim], [WRONG, *again(RIGHT, 2)])
    assert found == [CLAIM] and not rollout.asked
    assert words(trace) == [f"AI test 1: {said} by majority"]


def test_two_programs_are_no_majority_whatever_they_say(double):
    found, rollout = confirm(double, [FALSE_CLAIM], again(RIGHT, MIN_PROGRAMS - 1))
    assert found == [] and "DeriveOutput" in rollout.stages


def test_programs_that_fail_public_tests_have_no_say(double):
    found, _ = confirm(double, [FALSE_CLAIM], [RIGHT, NEVER, "print(7)\n", "print(7) \nprint()\n"])
    assert found == []


@pytest.mark.parametrize("useless", [CRASH, SILENT, TALKATIVE], ids=["crash", "no output", "huge output"])
def test_programs_without_a_usable_output_count_against_a_majority(double, useless):
    found, _ = confirm(double, [FALSE_CLAIM], [*again(useless, 2), RIGHT])
    assert found == []
    found, _ = confirm(double, [FALSE_CLAIM], [useless, *again(RIGHT, 2)])
    assert found == [CLAIM]


def test_what_programs_do_not_settle_is_derived(double, trace):
    found, _ = confirm(double, [CLAIM], [SILENT, WRONG, RIGHT], derived("6"))
    assert found == [CLAIM] and words(trace) == ["AI test 1: confirmed by second derivation"]


def test_outputs_are_compared_as_the_judge_compares(double):
    halves = Problem(name="Halves", description="Absolute error 1e-6.")
    programs = [f"print(int(input()) / 2 + {error})\n" for error in (0, 1e-9, -1e-9)]
    found, _ = confirm(halves, [TestCase("3\n", "1.5\n")], programs)
    assert found == [TestCase("3\n", "1.5\n")]


# By a second derivation


@pytest.mark.parametrize(("output", "found", "said"), [("7", [FALSE_CLAIM], "confirmed"), ("6", [], "not confirmed")])
def test_a_claim_the_program_fails_counts_if_a_second_derivation_agrees(double, trace, output, found, said):
    assert confirm(double, [FALSE_CLAIM], [RIGHT], derived(output))[0] == found
    assert words(trace) == [f"AI test 1: {said} by second derivation"]


def test_the_second_derivation_does_not_see_the_first(double):
    claim = TestCase("3\n", "a claim\n")
    _, rollout = confirm(double, [claim], [RIGHT], derived("6"))
    (prompt,) = rollout.prompts("DeriveOutput")
    assert "## test_input\n3" in prompt and "a claim" not in prompt and RIGHT.strip() not in prompt


def test_a_claim_that_the_program_meets_is_not_asked_about(double, trace):
    found, rollout = confirm(double, [CLAIM], [RIGHT])
    assert found == [] and not rollout.asked and not trace.decisions


@pytest.mark.parametrize("answer", [GARBAGE, derived(" ")])
def test_without_an_answer_nothing_is_confirmed(double, answer):
    assert confirm(double, [FALSE_CLAIM], [RIGHT], answer)[0] == []


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_no_more_claims_are_derived_than_the_configuration_says(double, limit):
    claims = [TestCase(f"{n}\n", "0\n") for n in range(3, 8)]
    _, rollout = confirm(double, claims, [RIGHT], derived("0"), second_derivations=limit)
    assert len(rollout.asked) == limit and len(rollout.result) == limit
