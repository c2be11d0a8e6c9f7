"""Intervals: against other libraries, and whether they cover the truth as often as they say.

The libraries take long to import: only the tests that compare with them do.
"""

import math

import numpy as np
import pytest

from eval.numbers import intervals
from eval.numbers.intervals import (
    bootstrap_estimate,
    difference_estimate,
    mean_estimate,
    mean_share,
    quantile_estimate,
    ratio_estimate,
    share_estimate,
)


def zeros_and_ones(ones: int, count: int) -> list[float]:
    return [1.0] * ones + [0.0] * (count - ones)


def flips(lost: int, won: int, count: int) -> tuple[list[float], list[float]]:
    """Two arms of which the first alone solves `lost` problems and the second alone `won`."""
    first = [1.0] * lost + [0.0] * (count - lost)
    second = [0.0] * lost + [1.0] * won + [0.0] * (count - lost - won)
    return first, second


def covers(estimate: intervals.Estimate, truth: float) -> bool:
    return estimate.low - 1e-9 <= truth <= estimate.high + 1e-9


def coverage_of_shares(count: int, truth: float) -> float:
    """The exact probability that the interval of so many problems covers the truth: all outcomes are gone through."""
    from scipy import stats

    likely = stats.binom.pmf(np.arange(count + 1), count, truth)
    return sum(p for ones, p in enumerate(likely) if covers(mean_share(zeros_and_ones(ones, count)), truth))


def coverage_of_differences(count: int, lost: float, won: float) -> float:
    """The same for a difference, when the arms flip a problem with these probabilities."""
    from scipy import stats

    outcomes = np.array([(b, c, count - b - c) for b in range(count + 1) for c in range(count - b + 1)])
    likely = stats.multinomial.pmf(outcomes, count, [lost, won, 1 - lost - won])
    return sum(
        p * covers(difference_estimate(*flips(int(b), int(c), count)), won - lost)
        for p, (b, c, _) in zip(likely, outcomes, strict=True)
        if p > 1e-9
    )


@pytest.mark.parametrize(("ones", "count"), [(0, 12), (1, 18), (5, 36), (30, 47), (165, 165)])
def test_the_interval_of_a_proportion_is_wilsons(ones, count):
    from statsmodels.stats.proportion import proportion_confint

    found = mean_share(zeros_and_ones(ones, count))
    assert (found.low, found.high) == pytest.approx(proportion_confint(ones, count, method="wilson"), abs=1e-9)
    assert found.value == pytest.approx(ones / count)


def test_nothing_solved_still_leaves_what_could_have_been():
    assert mean_share([0.0] * 18).high > 0.1


@pytest.mark.parametrize("count", [18, 36, 117])
def test_intervals_of_proportions_cover_the_truth_93_to_97_times_in_100(count):
    covered = [coverage_of_shares(count, truth) for truth in np.linspace(0.05, 0.95, 19)]
    assert 0.93 <= np.mean(covered) <= 0.97
    assert min(covered) > 0.90  # counts come in steps, so single truths lie a little off


@pytest.mark.parametrize(("samples", "easy", "hard"), [(5, 0.3, 0.5), (5, 0.15, 0.6), (3, 1.0, 1.0)])
def test_intervals_of_shares_of_several_samples_cover_the_truth(samples, easy, hard):
    draw = np.random.default_rng(5)
    solved = draw.binomial(samples, draw.beta(easy, hard, size=(1500, 36))) / samples
    covered = np.mean([covers(mean_share(list(each)), easy / (easy + hard)) for each in solved])
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize(("lost", "won"), [(0.05, 0.1), (0.1, 0.1), (0.1, 0.3), (0.15, 0.35)])
def test_intervals_of_paired_differences_cover_the_truth(lost, won):
    assert 0.93 <= coverage_of_differences(60, lost, won) <= 0.98


@pytest.mark.parametrize(("lost", "won"), [(0.0, 0.1), (0.01, 0.08), (0.02, 0.02), (0.15, 0.35)])
def test_intervals_of_few_flips_err_on_the_wide_side(lost, won):
    assert coverage_of_differences(20, lost, won) >= 0.945


def test_intervals_of_differences_of_several_samples_cover_the_truth():
    draw = np.random.default_rng(6)
    skill = draw.beta(0.3, 0.5, size=(1500, 47))
    first, second = draw.binomial(5, skill) / 5, draw.binomial(5, skill + 0.3 * skill * (1 - skill)) / 5
    easy = draw.beta(0.3, 0.5, size=10**6)
    truth = float(np.mean(0.3 * easy * (1 - easy)))
    covered = np.mean(
        [covers(difference_estimate(list(a), list(b)), truth) for a, b in zip(first, second, strict=True)]
    )
    assert 0.93 <= covered <= 0.97


def test_a_paired_difference_is_second_minus_first_and_tighter_than_unpaired_arms():
    first, second = [0.0] * 20 + [1.0] * 20, [0.0] * 14 + [1.0] * 26
    paired = difference_estimate(first, second)
    assert paired.value == pytest.approx(0.15) and difference_estimate(second, first).value == pytest.approx(-0.15)
    unpaired = difference_estimate(first, second[::-1])
    assert paired.high - paired.low < unpaired.high - unpaired.low


def test_a_difference_needs_the_same_problems():
    with pytest.raises(ValueError, match="zip"):
        difference_estimate([1.0], [1.0, 0.0])


def test_arms_that_agree_everywhere_may_still_differ_a_little():
    same = difference_estimate([1.0, 0.0] * 20, [1.0, 0.0] * 20)
    assert same.value == 0.0 and 0.03 < same.high == -same.low < 0.1


@pytest.mark.parametrize("problems", [12, 30, 60, 200])
@pytest.mark.parametrize("draws", [1, 2, 4, 10])
def test_arms_that_agree_everywhere_are_at_least_as_certain_as_arms_that_nearly_do(problems, draws):
    """A gate that ships what lost a draw has to ship what lost none."""
    first = [1.0] * problems
    tie = difference_estimate(first, first)
    for lost in range(1, 4):
        some = difference_estimate(first, [1 - 1 / draws] * lost + [1.0] * (problems - lost))
        assert some.low < tie.low


def test_a_difference_stays_between_minus_one_and_one():
    assert difference_estimate([0.0] * 5, [1.0] * 5).high == 1.0


def test_samples_of_one_problem_are_no_independent_ones():
    """Ten problems of ten samples each that all agree tell as much as ten samples."""
    agreeing = share_estimate([10.0] * 3 + [0.0] * 7, [10.0] * 10)
    assert agreeing == pytest.approx(mean_share(zeros_and_ones(3, 10)))


def test_the_bootstrap_interval_is_that_of_scipy_a_little_widened():
    from scipy import stats

    values = list(np.random.default_rng(0).lognormal(3.0, 0.5, size=40))
    plain = stats.bootstrap((values,), np.mean, method="percentile", rng=1).confidence_interval
    ours = mean_estimate(values)
    assert 1.0 < (ours.high - ours.low) / (plain.high - plain.low) < 1.15
    assert ours.value == pytest.approx(np.mean(values))


def test_the_bootstrap_interval_of_a_normal_mean_is_students():
    from scipy import stats

    values = list(np.random.default_rng(0).normal(5.0, 2.0, size=30))
    low, high = stats.t.interval(0.95, 29, np.mean(values), stats.sem(values))
    assert mean_estimate(values)[1:] == pytest.approx((low, high), abs=0.12)


@pytest.mark.parametrize("degrees", [4, 11, 35, 164])
def test_students_quantile_against_scipy(degrees):
    from scipy import stats

    assert intervals._t_quantile(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=0.02)


def test_the_bootstrap_repeats_itself():
    assert mean_estimate([1.0, 2.0, 4.0, 8.0]) == mean_estimate([1.0, 2.0, 4.0, 8.0])


def test_a_ratio_over_nothing_is_infinite_and_so_may_its_interval_be():
    assert ratio_estimate([3.0, 1.0], [0.0, 0.0]).value == math.inf
    few = ratio_estimate([1.0] * 6, [1.0] + [0.0] * 5)
    assert few.value == 6.0 and few.high == math.inf


def test_the_end_of_a_quantile_that_few_problems_cannot_give_is_open():
    seconds = [[float(number)] for number in range(1, 31)]
    assert quantile_estimate(seconds, 0.95).high == math.inf
    assert quantile_estimate(seconds, 0.5).high < 30
    many = [[float(number)] for number in range(200)]
    assert quantile_estimate(many, 0.95).high < math.inf


def test_nothing_to_estimate_from_is_not_a_number():
    for estimate in (mean_share([]), difference_estimate([], []), bootstrap_estimate(0, lambda drawn: 0.0)):
        assert all(math.isnan(number) for number in estimate)


def test_one_problem_bounds_nothing():
    assert mean_estimate([3.0]) == (3.0, -math.inf, math.inf)
    assert mean_share([1.0]).low < 0.3
