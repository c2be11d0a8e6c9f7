"""Cost and latency of a rollout and of a solved one."""

import math

import pytest

from eval.numbers.cost import cost_ratios, costs, latencies
from tests.support.rollouts import rollout


def test_a_solved_problem_is_charged_with_the_failures():
    rollouts = [
        rollout("apple", 1.0, calls=3, prompt_tokens=200, completion_tokens=100, dollars=0.1),
        rollout("berry", 0.0, calls=5, prompt_tokens=500, completion_tokens=100, dollars=0.3),
    ]
    found = costs(rollouts)
    assert found["LM calls"].each.value == 4 and found["LM calls"].per_solved.value == 8
    assert found["tokens"].each.value == 450 and found["tokens"].per_solved.value == 900
    assert found["USD"].each.value == pytest.approx(0.2) and found["USD"].per_solved.value == pytest.approx(0.4)
    assert found["seconds"].each.value == 2.0


def test_what_was_lost_to_infrastructure_is_in_no_mean():
    rollouts = [rollout("apple", calls=4), rollout("berry", None, calls=1)]
    assert costs(rollouts)["LM calls"].each.value == 4


def test_samples_of_a_problem_are_averaged_before_problems_are():
    rollouts = [rollout("apple", calls=1), *(rollout("berry", sample=n, calls=4) for n in range(3))]
    assert costs(rollouts)["LM calls"].each.value == 2.5


def test_an_unknown_price_and_nothing_solved_have_no_number():
    found = costs([rollout(hidden=0.0, calls=2, dollars=None)])
    assert "USD" not in found and found["LM calls"].per_solved is None
    assert costs([]) == {}


def test_latency_is_that_of_all_rollouts_and_of_those_that_solved():
    rollouts = [rollout(f"problem {n}", float(n < 5), seconds=float(n)) for n in range(11)]
    found = latencies(rollouts)
    everything, solved = found["all"], found["solved"]
    assert (everything.p50.value, everything.p95.value, solved.p50.value) == (5.0, 9.5, 2.0)
    assert everything.p95.high == math.inf, "eleven problems cannot bound the 95th percentile"


def test_nothing_solved_has_no_latency_of_its_own():
    assert list(latencies([rollout(hidden=0.0)])) == ["all"]
    assert latencies([rollout(hidden=None)]) == {}


def test_ratios_of_cost_are_over_the_problems_both_arms_have():
    cheap = [rollout("apple", calls=1, seconds=1.0), rollout("berry", calls=1), rollout("cherry", calls=50)]
    dear = [rollout("apple", calls=6, seconds=5.0), rollout("berry", calls=4)]
    found = cost_ratios(cheap, dear)
    assert found["LM calls"].value == 5.0 and found["seconds"].value == pytest.approx(7 / 3)
    assert "USD" not in found, "nothing was paid in the first arm"


def test_ratios_of_unknown_prices_are_left_out():
    assert "USD" not in cost_ratios([rollout(dollars=0.1)], [rollout(dollars=None)])
