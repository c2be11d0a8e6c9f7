"""Solved against budget: one rule for one call and for whole flows, and nothing made up beyond the stored samples."""

import pytest

from eval.numbers.solved_against_budget import round_budgets, solved_against_budget
from eval.rollouts.rollout import Rollout
from eval.tables.budget_table import budget_table, compared_at
from tests.support.rollouts import checkpoint, rollout, run_on

BAD, GOOD = "print(0)\n", "print(1)\n"


def one_call(sample: int, solved: bool, public: float, calls: int = 1) -> Rollout:
    """A direct answer."""
    code = GOOD if solved else BAD
    held = [checkpoint(calls, solved, code=code)]
    return rollout(sample=sample, hidden=float(solved), public=public, code=code, checkpoints=held, **spent(calls))


def spent(calls: int) -> dict:
    return {"calls": calls, "prompt_tokens": 90 * calls, "completion_tokens": 10 * calls, "seconds": float(calls)}


def curve(rollouts, budgets, unit="calls"):
    points = solved_against_budget(rollouts, unit, budgets)
    assert points is not None
    return [(point.solved.value, point.open) for point in points]


def test_before_its_first_program_a_flow_has_solved_nothing():
    flow = rollout(checkpoints=[checkpoint(4, True)], **spent(6))
    assert curve([flow], [3, 4, 9]) == [(0.0, 0.0), (1.0, 0.0), (1.0, 0.0)]


def test_inside_of_a_sample_the_flow_holds_what_it_held_then():
    held = [checkpoint(3, False, code=BAD), checkpoint(5, True, code=GOOD), checkpoint(8, False, code=BAD)]
    flow = rollout(hidden=0.0, code=BAD, checkpoints=held, events=[run_on("public", GOOD, "AC AC")], **spent(9))
    assert [solved for solved, _ in curve([flow], [2, 3, 5, 7, 8, 9])] == [0, 0, 1, 1, 0, 0]


def test_sampling_goes_on_until_the_public_tests_pass():
    """Of two samples one passes; whichever comes first, two calls are enough."""
    samples = [one_call(0, False, 0.5), one_call(1, True, 1.0)]
    assert curve(samples, [1, 2, 3]) == [(0.5, 0.0), (1.0, 0.0), (1.0, 0.0)]


def test_sampling_stops_at_a_program_that_only_looks_right():
    """In one order the misleading program comes first and is submitted; in the other, the right one."""
    samples = [one_call(0, False, 1.0), one_call(1, True, 1.0)]
    assert curve(samples, [1, 2, 9]) == [(0.5, 0.0), (0.5, 0.0), (0.5, 0.0)]


def test_of_programs_that_fail_public_tests_the_better_one_is_kept():
    samples = [one_call(0, False, 0.0), one_call(1, False, 0.5)]
    assert [solved for solved, _ in curve(samples, [1, 2])] == [0.0, 0.0]


def test_beyond_the_stored_samples_the_curve_says_that_it_is_a_lower_bound():
    failing = [one_call(0, False, 0.5)]
    assert curve(failing, [1, 2]) == [(0.0, 0.0), (0.0, 1.0)]
    assert curve([one_call(0, True, 1.0)], [1, 2]) == [(1.0, 0.0), (1.0, 0.0)]


def test_a_dearer_second_sample_is_paid_for():
    samples = [one_call(0, False, 0.0, calls=1), one_call(1, True, 1.0, calls=4)]
    # cheap first: 1 + 4 calls; dear first: 4 calls and done
    assert [solved for solved, _ in curve(samples, [3, 4, 5])] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(("unit", "budget"), [("tokens", 200), ("seconds", 2)])
def test_budgets_are_counted_in_tokens_and_seconds_too(unit, budget):
    flow = rollout(checkpoints=[checkpoint(2, True)], **spent(2))
    assert curve([flow], [budget - 1, budget], unit) == [(0.0, 0.0), (1.0, 0.0)]


def test_an_unknown_price_has_no_curve_and_a_known_one_has():
    held = [checkpoint(1, True, dollars=0.01)]
    priced = rollout(checkpoints=held, dollars=0.02, calls=1)
    assert curve([priced], [0.005, 0.01], "dollars") == [(0.0, 0.0), (1.0, 0.0)]
    assert solved_against_budget([rollout(dollars=None)], "dollars", [1]) is None


def test_runs_without_checkpoints_count_at_their_end():
    assert [solved for solved, _ in curve([rollout(**spent(7))], [6, 7])] == [0.0, 1.0]


def test_many_samples_are_taken_in_some_of_their_orders():
    samples = [one_call(number, number == 0, 1.0 if number == 0 else 0.5) for number in range(8)]
    ((after_four, _),) = curve(samples, [4])
    assert after_four == pytest.approx(0.5, abs=0.12)


def test_lost_rollouts_and_no_rollouts_have_no_curve():
    assert solved_against_budget([rollout(hidden=None)], "calls", [1]) is None


def test_budgets_are_round_numbers_that_reach_from_the_least_to_the_most():
    assert round_budgets(30, 1) == [1, 2, 5, 10, 20, 50]
    assert round_budgets(0.03, 0.004) == pytest.approx([0.005, 0.01, 0.02, 0.05])


def test_the_table_puts_all_arms_on_the_same_budgets():
    direct = [one_call(0, True, 1.0), one_call(0, False, 0.5).model_copy(update={"problem": "berry"})]
    flow = [rollout(name, checkpoints=[checkpoint(5, True)], **spent(5)) for name in ("apple", "berry")]
    lines = budget_table({"direct": direct, "flow": flow}, "calls").splitlines()
    assert lines[0] == "| calls per problem | direct | flow |"
    assert lines[2].startswith("| 1 | 50.0 % (") and "| 0.0 % (" in lines[2]
    assert "| ≥ 50.0 % (" in lines[3], "one problem of the direct arm has no sample left"
    assert lines[4].startswith("| 5 |") and "| 100.0 % (" in lines[4]
    assert "not known" in budget_table({"direct": [rollout(dollars=None)]}, "dollars")


def test_arms_are_compared_as_if_each_had_been_stopped_at_the_same_cost():
    """The flow solves every problem, with five calls; the direct arm solves half of them with one."""
    names = [f"problem {number}" for number in range(20)]
    direct = [
        one_call(0, number % 2 == 0, float(number % 2 == 0)).model_copy(update={"problem": name})
        for number, name in enumerate(names)
    ]
    flow = [rollout(name, checkpoints=[checkpoint(5, True)], **spent(5)) for name in names]
    shown = compared_at({"direct": direct, "flow": flow}, [("calls", 4), ("calls", 5), ("dollars", 0.5)])
    rows = [line.split(" | ") for line in shown.splitlines()[2:8]]
    assert [(row[0], row[1], row[2][:7]) for row in rows[:4]] == [
        ("| 4 LM calls", "direct", "≥ 50.0 "),
        ("| 4 LM calls", "flow", "0.0 % ("),
        ("| 5 LM calls", "direct", "≥ 50.0 "),
        ("| 5 LM calls", "flow", "100.0 %"),
    ]
    assert rows[1][3].startswith("-50.0 points (") and rows[3][3].startswith("+50.0 points (")
    assert float(rows[1][4].rstrip(" |").lstrip("< ")) < 0.05
    assert rows[5] == ["| 0.5 USD", "flow", "–", "–", "– |"] and "the cost is not known" in shown
    assert "These 2 comparisons are one family" in shown
