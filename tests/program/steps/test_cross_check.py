"""Cross-checking with brute force: whom it trusts, and what random inputs find."""

import pytest

from judge.verdict import TestCase
from program.bench.workbench import Workbench
from program.problem import Problem
from program.steps.config import FlowConfig
from program.steps.cross_check import MAX_FOUND, CrossCheck, Oracle, differing_tests, take_up_brute_force
from program.steps.task import Task
from tests.support.scripted import FIRST_ONLY, GARBAGE, NEVER, RIGHT, Rollout, code
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")

SLOW = f"{RIGHT}# slowly\n"
# Inputs 1 to 6, one a seed.
GENERATOR = "print((int(input()) - 1) % 6 + 1)\n"
FAILS_FROM_FIVE = "n = int(input())\nprint(2 * n if n < 5 else 0)\n"


@pytest.fixture
def bench(double):
    return Workbench(double)


# Having the programs written


def cross_check(problem, config: dict | None = None, **answers) -> Rollout:
    config = FlowConfig(**(config or {"brute_force": True}))
    return Rollout(CrossCheck(config), Task(problem, 0, 0, config), Workbench(problem), **answers)


def test_both_programs_are_asked_for_with_the_problem_alone(double):
    asked = cross_check(double, WriteBruteForce=code(SLOW), WriteGenerator=code(GENERATOR))
    assert asked.result == Oracle(SLOW, GENERATOR)
    assert sorted(asked.stages) == ["WriteBruteForce", "WriteGenerator"]


def test_nothing_is_asked_where_the_configuration_does_not(double):
    asked = cross_check(double, {"ai_tests": 1})
    assert asked.result == Oracle() and not asked.asked


def test_either_program_may_be_missing(double):
    assert cross_check(double, WriteBruteForce=GARBAGE).result.brute_force == ""
    assert cross_check(double, WriteGenerator=GARBAGE).result.generator == ""


# Whom it trusts


def test_a_brute_force_program_is_trusted_when_it_passes_the_public_tests(bench, trace):
    bench.add(RIGHT, "first")
    assert take_up_brute_force(Oracle(SLOW), bench) and bench.programs == [RIGHT] and not trace.decisions


def test_it_becomes_a_candidate_where_no_other_program_passes_them(bench):
    bench.add(NEVER, "first")
    assert take_up_brute_force(Oracle(SLOW), bench) and bench.best() == SLOW


@pytest.mark.parametrize("program", [FIRST_ONLY, "raise ValueError\n", "print(\n"])
def test_one_that_fails_is_not_trusted(bench, trace, program):
    assert not take_up_brute_force(Oracle(program), bench) and bench.programs == []
    assert words(trace) == ["brute force: not trusted, because it does not pass all public tests"]


def test_without_public_tests_or_without_a_program_there_is_no_trust(bench, trace):
    assert not take_up_brute_force(Oracle(), bench) and not trace.decisions
    assert not take_up_brute_force(Oracle(SLOW), Workbench(Problem(name="Bare", description="")))


# What random inputs find


def test_inputs_on_which_the_program_prints_something_else_become_tests(bench, trace):
    found = differing_tests(FAILS_FROM_FIVE, Oracle(SLOW, GENERATOR), bench, 30)
    assert found == [TestCase("5\n", "10\n"), TestCase("6\n", "12\n")]
    assert words(trace) == ["stress: the program fails 2 of 6 random inputs"]  # each input counts once


def test_the_smallest_inputs_come_first_and_there_are_few(bench):
    longer = "n = int(input())\nprint(10 ** (9 - n))\n"
    found = differing_tests(NEVER, Oracle(SLOW, longer), bench, 8)
    assert [len(test.input) for test in found] == [3, 4] and len(found) == MAX_FOUND


def test_a_program_that_agrees_everywhere_gets_no_tests(bench, trace):
    assert differing_tests(RIGHT, Oracle(SLOW, GENERATOR), bench, 6) == []
    assert words(trace) == ["stress: the program fails 0 of 6 random inputs"]


def test_every_run_is_entered_and_none_of_its_programs_is_a_candidate(bench, trace):
    differing_tests(RIGHT, Oracle(SLOW, GENERATOR), bench, 6)
    assert [(run.tests, len(run.verdicts)) for run in trace.judge_runs] == [("other", n) for n in (1, 5, 6, 6)]
    assert bench.programs == []


@pytest.mark.parametrize("crash", ["raise ValueError", "raise TimeoutError", "print('x' * 10**6); raise BufferError"])
def test_a_generator_that_does_not_run_is_tried_once(bench, runs, crash):
    assert differing_tests(RIGHT, Oracle(SLOW, f"{crash}\n"), bench, 30) == []
    assert len(runs) == 1


def test_inputs_unlike_the_examples_are_left_out(bench, trace):
    odd = "n = int(input())\nprint(['n = 3', '1 2', '', 'x' * 20_001, '4'][n % 5])\n"
    assert differing_tests(NEVER, Oracle(SLOW, odd), bench, 10) == [TestCase("4\n", "8\n")]
    assert words(trace) == ["stress: the program fails 1 of 1 random inputs"]


def test_where_brute_force_itself_gives_up_there_is_no_test(bench):
    limited = "n = int(input())\nassert n < 6\nprint(2 * n)\n"
    assert differing_tests(FAILS_FROM_FIVE, Oracle(limited, GENERATOR), bench, 6) == [TestCase("5\n", "10\n")]


@pytest.mark.parametrize(
    ("program", "oracle"),
    [("", Oracle(SLOW, GENERATOR)), (SLOW, Oracle(SLOW, GENERATOR)), (RIGHT, Oracle(SLOW))],
    ids=["no program", "brute force itself", "no generator"],
)
def test_without_two_programs_and_a_generator_nothing_runs(bench, runs, program, oracle):
    assert differing_tests(program, oracle, bench, 10) == [] and not runs


def test_small_inputs_get_little_time(bench, monkeypatch):
    allowed = []
    real = bench._run
    monkeypatch.setattr(bench, "_run", lambda c, t, limits, *more: allowed.append(limits) or real(c, t, limits, *more))
    differing_tests(RIGHT, Oracle(SLOW, GENERATOR), bench, 6)
    assert len(allowed) == 4 and {limits.seconds for limits in allowed} == {1.0} and bench.limits.seconds > 1.0
    assert {limits.memory_bytes for limits in allowed} == {bench.limits.memory_bytes}
