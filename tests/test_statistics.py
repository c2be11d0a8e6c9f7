"""Intervals and tests against values known otherwise, and the tables made of them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from eval import statistics
from eval.rollout import Rollout
from eval.score import Score, SetResult
from eval.statistics import difference_interval, mcnemar, mean_interval
from eval.summary import by_problem, markdown_table, summarize
from program.account import Totals


def rollout(problem: str, hidden: float | None, *, public: bool = True, sample: int = 0, **totals) -> Rollout:
    """A rollout with four hidden tests of which the share `hidden` passed; None is not judged."""
    made = Rollout(arm="arm", problem=problem, sample=sample, status="not judged", totals=Totals(**totals), seconds=2.0)
    if hidden is None:
        return made
    score = Score(
        public=SetResult(passed=int(public), total=1, verdict="AC" if public else "WA"),
        private=SetResult(passed=0, total=0, verdict="AC"),
        generated=SetResult(passed=int(hidden * 4), total=4, verdict="AC" if hidden == 1 else "WA"),
        hidden_rate=hidden,
        solved=hidden == 1 and public,
        judge_seconds=0.1,
    )
    return made.model_copy(update={"score": score, "status": "solved" if score.solved else "failed"})


def cells(table: str, line: int = 2) -> list[str]:
    return [cell.strip() for cell in table.splitlines()[line].strip("|").split("|")]


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (0, 6, 0.03125), (1, 9, 0.021484375), (3, 12, 0.03515625)],
)
def test_mcnemar_against_known_values(only_first, only_second, p):
    assert mcnemar(only_first, only_second) == pytest.approx(p, abs=1e-12)
    assert mcnemar(only_second, only_first) == mcnemar(only_first, only_second)


@pytest.mark.parametrize("flips", [1, 4, 9])
def test_mcnemar_is_the_share_of_coin_throws_at_least_as_uneven(flips):
    throws = [sum(throw) for throw in itertools.product((0, 1), repeat=flips)]
    for heads in range(flips + 1):
        as_uneven = [abs(2 * each - flips) >= abs(2 * heads - flips) for each in throws]
        assert mcnemar(heads, flips - heads) == pytest.approx(sum(as_uneven) / len(throws))


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says(monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 1000)
    draw = np.random.default_rng(7)
    simulations, problems, truth = 400, 40, 0.3
    solved = (draw.random((simulations, problems)) < truth).astype(float)
    bounds = np.array([mean_interval(list(values)) for values in solved])
    covered = np.mean((bounds[:, 0] <= truth) & (truth <= bounds[:, 1]))
    # 95 % nominal; the percentile bootstrap of 40 zeros and ones is a little short of it.
    assert 0.90 <= covered <= 0.98
    assert np.all(bounds[:, 0] <= solved.mean(axis=1)) and np.all(solved.mean(axis=1) <= bounds[:, 1])


def test_the_interval_has_the_width_of_the_normal_one():
    values = list(np.random.default_rng(0).normal(5.0, 2.0, size=400))
    low, high = mean_interval(values)
    assert high - low == pytest.approx(2 * 1.96 * np.std(values) / math.sqrt(400), rel=0.1)


def test_a_higher_level_is_a_wider_interval_and_the_seed_repeats_it():
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 0.5]
    narrow, wide = mean_interval(values, level=0.5), mean_interval(values, level=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]
    assert mean_interval(values) == mean_interval(values)


def test_intervals_of_nothing_and_of_constants():
    assert all(math.isnan(bound) for bound in mean_interval([]))
    assert mean_interval([0.25] * 7) == (0.25, 0.25)


def test_a_paired_difference_is_second_minus_first():
    first, second = [0.1, 0.2, 0.9, 0.4], [0.6, 0.7, 1.4, 0.9]
    # Every pair differs by the same: pairing leaves no spread, whatever the spread between problems.
    assert difference_interval(first, second) == pytest.approx((0.5, 0.5))
    assert difference_interval(second, first) == pytest.approx((-0.5, -0.5))
    low, high = difference_interval([0.0] * 20, [1.0] * 15 + [0.0] * 5)
    assert 0 < low < 0.75 < high
    with pytest.raises(ValueError, match="zip"):
        difference_interval([1.0], [1.0, 0.0])


def test_a_summary_of_one_sample_a_problem():
    rollouts = [rollout("a", 1.0), rollout("b", 0.5), rollout("c", 1.0, public=False), rollout("d", 0.0, public=False)]
    summary = summarize("arm", rollouts)
    assert (summary.problems, summary.samples, summary.not_judged) == (4, 4, 0)
    assert summary.solved == 0.25 and summary.hidden_rate == 0.625 and summary.public_rate == 0.5
    assert summary.solved_interval[0] <= 0.25 <= summary.solved_interval[1]


def test_rollouts_that_were_not_judged_are_in_no_rate_but_are_paid_for():
    rollouts = [
        rollout("a", 1.0, calls=3, prompt_tokens=100),
        rollout("b", None, calls=1, prompt_tokens=50, failed_calls=1),
    ]
    summary = summarize("arm", rollouts)
    assert (summary.problems, summary.samples, summary.not_judged) == (1, 1, 1)
    assert summary.solved == summary.hidden_rate == 1.0
    assert (summary.totals.calls, summary.totals.prompt_tokens, summary.stage_failures) == (4, 150, 1)
    assert summary.seconds == 4.0
    assert "1 rollouts were not judged" in markdown_table([summary])


def test_samples_of_a_problem_are_averaged_before_problems_are():
    rollouts = [
        rollout("a", 1.0),
        rollout("a", 0.0, sample=1),
        rollout("a", 0.0, sample=2),
        rollout("a", None, sample=3),
        rollout("b", 1.0),
    ]
    assert by_problem(rollouts, "solved") == {"a": 1 / 3, "b": 1.0}
    summary = summarize("arm", rollouts)
    assert summary.solved == pytest.approx((1 / 3 + 1) / 2)
    assert (summary.problems, summary.samples, summary.not_judged) == (2, 4, 1)


def test_nothing_at_all_is_a_summary_of_zeros():
    summary = summarize("arm", [])
    assert (summary.problems, summary.samples, summary.solved, summary.hidden_rate) == (0, 0, 0.0, 0.0)
    assert len(cells(markdown_table([summary]))) == 12


def test_the_table_has_the_numbers():
    paid = {"calls": 4, "failed_calls": 1, "prompt_tokens": 900, "cached_tokens": 300, "completion_tokens": 70}
    rollouts = [rollout("a", 1.0, **paid, dollars=0.02), rollout("b", 0.5, **paid, dollars=0.01)]
    row = cells(markdown_table([summarize("the arm", rollouts)]))
    head = cells(markdown_table([summarize("the arm", rollouts)]), 0)
    found = dict(zip(head, row, strict=True))
    assert found["program"] == "the arm" and found["solved"] == "1 / 2" and found["hidden tests passed"] == "75.0%"
    assert found["public passed"] == "100%" and found["LM calls"] == "4.0" and found["failed calls"] == "1.00"
    assert found["prompt tokens (cached)"] == "900 (300)" and found["answer tokens"] == "70"
    assert found["seconds"] == "2.0" and found["USD"] == "0.0150"


def test_an_unknown_price_is_a_dash_and_makes_the_sum_unknown():
    rollouts = [rollout("a", 1.0, dollars=0.02), rollout("b", 1.0, dollars=None)]
    summary = summarize("arm", rollouts)
    assert summary.totals.dollars is None and cells(markdown_table([summary]))[-1] == "–"


def test_many_samples_a_problem_show_a_percentage():
    rollouts = [rollout("a", 1.0), rollout("a", 0.0, sample=1), rollout("b", 0.0), rollout("b", 0.0, sample=1)]
    row = cells(markdown_table([summarize("arm", rollouts)]))
    assert row[1] == "25.0%" and "/" not in row[1]
