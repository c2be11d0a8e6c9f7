"""Time is tested with the largest input that the statement allows, as far as a validator confirms it."""

import pytest

from program.bench.failure import about_source
from program.bench.workbench import Workbench
from program.problem import Problem
from program.steps.config import FlowConfig
from program.steps.largest_input import LargestInput, confirmed_input
from program.steps.task import Task
from tests.support.scripted import GARBAGE, RIGHT, Rollout, code, section
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")

PRINTER = "print(9)\n"
VALIDATOR = "print('VALID' if input().isdigit() else 'no number')\n"
SLOW = "n = int(input())\nif n > 5:\n    raise TimeoutError\nprint(2 * n)\n"  # right, and too slow on the largest input
OTHER = "n = int(input())\nprint(2 * n if n != 3 else 0)\n"  # fast, passes the public tests, and wrong on 3


def flow(problem, **answers) -> Rollout:
    from program.alphacodium import AlphaCodium

    return Rollout(AlphaCodium(FlowConfig(time_fixes=2)), problem, **answers)


# The input


@pytest.mark.parametrize("missing", ["WriteLargestInput", "WriteValidator"])
def test_both_programs_are_needed(double, missing):
    settings = FlowConfig(time_fixes=1)
    task = Task(double, 0, 0, settings)
    assert Rollout(LargestInput(settings), task).result == (PRINTER, VALIDATOR)
    assert Rollout(LargestInput(settings), task, **{missing: GARBAGE}).result == ("", "")


def test_nothing_is_asked_where_the_configuration_does_not(double):
    asked = Rollout(LargestInput(FlowConfig()), Task(double, 0, 0, FlowConfig()))
    assert asked.result == ("", "") and not asked.asked


def test_an_input_that_the_validator_accepts_is_confirmed(double, trace):
    assert confirmed_input(PRINTER, VALIDATOR, Workbench(double)) == "9\n"
    assert words(trace) == ["largest input: 2 characters, confirmed by the validator"]


@pytest.mark.parametrize("printer", ["print('nine')\n", "pass\n", "raise ValueError\n"])
def test_one_that_it_does_not_accept_is_left_out(double, trace, printer):
    assert confirmed_input(printer, VALIDATOR, Workbench(double)) == ""
    assert words(trace)[0].endswith("left out, because it is not valid")


@pytest.mark.parametrize("validator", ["print('VALID')\n", "print('no')\n", "raise ValueError\n", "print(\n"])
def test_a_validator_has_to_tell_the_public_inputs_from_spoiled_ones(double, trace, validator):
    assert confirmed_input(PRINTER, validator, Workbench(double)) == ""
    assert "validator accepts spoiled public inputs" in words(trace)[0]


def test_without_public_tests_no_validator_is_believed():
    assert confirmed_input(PRINTER, VALIDATOR, Workbench(Problem(name="Bare", description=""))) == ""


# What it is used for


def test_a_program_that_is_too_slow_is_fixed(double, trace):
    rollout = flow(double, WriteCode=code(SLOW), FixCode=code(RIGHT))
    assert rollout.code == RIGHT
    assert words(trace)[-1] == "fix kept: TLE became AC", "whatever ends on the largest input is accepted"
    failure = section(rollout.prompts("FixCode")[0], "failure")
    assert about_source("input") in failure and "Input:\n9" in failure and "xpected" not in failure


@pytest.mark.parametrize(
    ("fix", "said"),
    [
        (OTHER, "fix reverted: its outputs differ on small inputs"),
        ("print(2)\n", "fix reverted: it breaks an anchor"),
        (f"{SLOW}pass\n", "fix reverted: TLE became TLE"),
    ],
)
def test_a_slow_program_that_passes_is_not_lost_to_a_fast_wrong_one(double, trace, fix, said):
    assert flow(double, WriteCode=code(SLOW), FixCode=code(fix)).code == SLOW
    assert words(trace)[-1] == said


def test_a_program_that_ends_costs_no_fix(double):
    rollout = flow(double)
    assert rollout.code == RIGHT and "FixCode" not in rollout.stages


def test_the_largest_input_is_no_ai_test_in_the_trace(double, trace):
    flow(double, WriteCode=code(SLOW), FixCode=code(RIGHT))
    assert all(run.verdicts != ["TLE"] for run in trace.judge_runs if run.tests == "ai")
