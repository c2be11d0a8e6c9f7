"""Sample, filter, cluster."""

import pytest
from dspy import LMTimeoutError

from judge.verdict import TestCase
from program.baselines.sampling import ChosenBy, Sampling, SamplingConfig, ranked
from program.bench.workbench import Workbench
from program.problem import Problem
from program.rollout.trace import Best
from tests.support.scripted import FIRST_ONLY, GARBAGE, NEVER, RIGHT, Rollout, code, written
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")

ALSO_RIGHT = "n = int(input())\nprint(n + n)\n"
LARGE_WRONG = "n = int(input())\nprint(2 * n if n < 3 else 7)\n"  # right on the public tests
CRASHES_LATER = "n = int(input())\nassert n < 3\nprint(2 * n)\n"


def run(problem, config=None, sample=0, **answers) -> Rollout:
    return Rollout(Sampling(SamplingConfig(**{"at_once": 1, **(config or {})})), problem, sample, **answers)


def programs(*texts: str) -> list[str]:
    return [code(text) for text in texts]


def order(problem, samples: list[str], *tests: TestCase, choose: ChosenBy = "group") -> list[str]:
    bench = Workbench(problem)
    for sample in samples:
        bench.add(sample, "first")
    return ranked(samples, tests, bench, choose)


def cluster(problem, samples: list[str], *tests: TestCase) -> str:
    return order(problem, samples, *tests)[0]


@pytest.mark.parametrize("at_once", [1, 3, 5, 20])
def test_as_many_programs_are_sampled_as_asked_for_and_one_set_of_tests(double, at_once):
    asked = run(double, {"programs": 10, "at_once": at_once})
    assert asked.stages.count("SolveDirectly") == 10 and asked.stages.count("WriteTests") == 1
    drawn = [(k["temperature"], k.get("rollout_id")) for k in asked.kwargs("SolveDirectly")]
    assert len(set(drawn)) == 10 and sorted({heat for heat, _ in drawn}) == [0.2, 0.8]


def test_programs_that_fail_public_tests_are_filtered_out(double):
    answers = programs(NEVER, NEVER, FIRST_ONLY, RIGHT, NEVER)
    assert run(double, {"programs": 5}, SolveDirectly=answers).code == RIGHT


def test_of_those_that_pass_the_largest_group_that_behaves_alike_is_taken(double, trace):
    answers = programs(LARGE_WRONG, RIGHT, ALSO_RIGHT)
    asked = run(double, {"programs": 3}, SolveDirectly=answers, WriteTests=written(("5", "9")))
    assert asked.code == RIGHT  # the first of its group; the output the test claims counts for nothing
    assert words(trace) == ["clusters: 2 of 3 passing programs behave like the chosen one"]
    assert [event.code for event in trace.events if isinstance(event, Best)][-1] == RIGHT


def test_a_program_that_was_sampled_twice_counts_twice(double):
    test = TestCase("5\n", "10\n")
    assert cluster(double, [LARGE_WRONG, f"{LARGE_WRONG}# again\n", RIGHT, RIGHT, RIGHT], test) == RIGHT


def test_crashing_alike_is_behaving_alike(double):
    again = f"{CRASHES_LATER}# again\n"
    tests = TestCase("0\n", "0\n"), TestCase("5\n", "10\n")
    assert cluster(double, [RIGHT, CRASHES_LATER, again], *tests) == CRASHES_LATER
    assert cluster(double, [CRASHES_LATER, again, RIGHT], tests[1]) == RIGHT  # nothing speaks for what only crashes
    assert cluster(double, [CRASHES_LATER, RIGHT, ALSO_RIGHT], TestCase("5\n", "10\n")) == RIGHT


def test_the_majority_is_counted_input_by_input(double):
    """Two alike are wrong on both inputs; of four others that err once at most no two are alike."""
    wrong, five, also_five, nine = (
        f"n = int(input())\nprint(2 * n + {error} * (n in {where}))\n"
        for error, where in [(1, (5, 9)), (2, (5,)), (3, (5,)), (2, (9,))]
    )
    samples = [wrong, wrong, five, also_five, RIGHT, nine]
    tests = TestCase("5\n", "0\n"), TestCase("9\n", "0\n")
    assert order(double, samples, *tests)[0] == wrong
    assert order(double, samples, *tests, choose="majority")[0] == RIGHT
    asked = run(
        double,
        {"programs": 6, "choose": "majority"},
        SolveDirectly=programs(*samples),
        WriteTests=written(("5", "0"), ("9", "0")),
    )
    assert asked.code == RIGHT


def test_one_program_of_each_group_is_handed_in_before_a_second_of_any(double):
    samples = [NEVER, LARGE_WRONG, RIGHT, RIGHT, ALSO_RIGHT, CRASHES_LATER]
    expected = [RIGHT, LARGE_WRONG, CRASHES_LATER, ALSO_RIGHT]
    assert order(double, samples, TestCase("5\n", "10\n")) == expected
    assert order(double, [NEVER, FIRST_ONLY]) == [FIRST_ONLY] and order(double, []) == []


@pytest.mark.parametrize("picks", [1, 2, 9])
def test_a_rollout_hands_in_as_many_programs_as_it_may(double, picks):
    answers = programs(LARGE_WRONG, RIGHT, ALSO_RIGHT)
    config = {"programs": 3, "picks": picks}
    asked = run(double, config, SolveDirectly=answers, WriteTests=written(("5", "9")))
    assert asked.result.picks == [RIGHT, LARGE_WRONG, ALSO_RIGHT][:picks] and asked.code == RIGHT


def test_without_tests_all_that_pass_are_one_group(double):
    assert cluster(double, [NEVER, LARGE_WRONG, RIGHT]) == LARGE_WRONG
    asked = run(double, {"programs": 2, "ai_tests": 0}, SolveDirectly=programs(RIGHT, LARGE_WRONG))
    assert asked.code == RIGHT and "WriteTests" not in asked.stages
    assert run(double, {"programs": 2}, WriteTests=GARBAGE).code == RIGHT


def test_when_none_passes_the_closest_is_taken(double):
    answers = programs("print('a')\nprint('b')\n", FIRST_ONLY, NEVER)
    assert run(double, {"programs": 3}, SolveDirectly=answers).code == FIRST_ONLY


def test_without_public_tests_the_tests_inputs_decide(trace):
    bare = Problem(name="Bare", description="Print twice the number.")
    answers = programs(NEVER, RIGHT, ALSO_RIGHT)
    assert run(bare, {"programs": 3}, SolveDirectly=answers).code == RIGHT


@pytest.mark.parametrize(("at_once", "sampled"), [(1, 4), (3, 6)])
def test_sampling_may_stop_when_enough_programs_pass(double, at_once, sampled):
    config = {"programs": 9, "stop_early": True, "agree": 3, "at_once": at_once}
    asked = run(double, config, SolveDirectly=programs(NEVER, RIGHT))
    assert asked.stages.count("SolveDirectly") == sampled


def test_without_an_answer_there_is_no_program(double, trace):
    asked = run(double, {"programs": 3}, SolveDirectly=LMTimeoutError("slow"), WriteTests=GARBAGE)
    assert asked.code == "" and [call.outcome for call in trace.calls].count("lm_error") == 3


def test_the_budget_ends_sampling_with_what_there_is(double, trace):
    asked = run(
        double, {"programs": 9, "ai_tests": 0, "budget": {"calls": 2}}, SolveDirectly=programs(FIRST_ONLY, NEVER)
    )
    assert asked.code == FIRST_ONLY and len(asked.asked) == 2
    assert trace.spent_budgets == [("rollout", "calls")]
    assert words(trace) == ["SolveDirectly: skipped, the rollout's budget of calls is spent"]


def test_samples_are_draws_of_their_own(double):
    first, second = (run(double, {"programs": 3}, sample) for sample in (0, 1))
    drawn = [k.get("rollout_id") for asked in (first, second) for k in asked.kwargs("SolveDirectly")]
    assert len(set(drawn)) == 6
