"""Paired tests: against other libraries, and how often they find a difference where there is none.

The libraries take long to import: only the tests that compare with them do.
"""

import itertools
import operator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.numbers.paired_tests import GRID, holm, mcnemar, paired_p, sign_flip

FLIPS = [(0, 0), (1, 0), (5, 5), (0, 5), (0, 6), (1, 9), (3, 12), (20, 41), (400, 460)]


@pytest.mark.parametrize(("only_first", "only_second"), FLIPS)
def test_mcnemar_is_the_mid_p_value_by_statsmodels_and_scipy(only_first, only_second):
    from scipy import stats
    from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar

    exact = their_mcnemar([[7, only_first], [only_second, 11]], exact=True).pvalue
    seen = stats.binom.pmf(only_first, only_first + only_second, 0.5)
    theirs = exact - seen if only_first != only_second else 1.0
    assert mcnemar(only_first, only_second) == pytest.approx(theirs, abs=1e-12)
    assert mcnemar(only_second, only_first) == mcnemar(only_first, only_second)


@pytest.mark.parametrize("flips", [1, 4, 9])
def test_mcnemar_is_the_share_of_coin_throws_that_are_more_uneven_and_half_of_those_as_uneven(flips):
    throws = [sum(throw) for throw in itertools.product((0, 1), repeat=flips)]
    for heads in range(flips + 1):
        uneven = [abs(2 * each - flips) - abs(2 * heads - flips) for each in throws]
        counted = sum(each > 0 for each in uneven) + sum(each == 0 for each in uneven) / 2
        expected = counted / len(throws) if 2 * heads != flips else 1.0
        assert mcnemar(heads, flips - heads) == pytest.approx(expected)


def test_numbers_of_numpy_do_not_overflow():
    assert mcnemar(np.int64(45), np.int64(75)) == mcnemar(45, 75) == pytest.approx(0.0062, abs=1e-4)


def test_wholly_different_problems_are_tested_by_mcnemar_and_others_by_flipping_signs():
    assert paired_p([1.0, -1.0, 1.0, 1.0, 0.0]) == mcnemar(1, 3) < sign_flip([1.0, -1.0, 1.0, 1.0, 0.0])
    assert paired_p([0.5, -1.0, 1.0]) == sign_flip([0.5, -1.0, 1.0])
    assert paired_p([]) == paired_p([0.0]) == sign_flip([0.0]) == 1.0


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 5), (3, 9), (6, 6), (1, 2)])
def test_flipping_signs_of_single_samples_is_a_sign_test(only_first, only_second):
    from scipy import stats

    differences = [-1.0] * only_first + [1.0] * only_second + [0.0] * 20
    assert sign_flip(differences) == pytest.approx(stats.binomtest(only_first, only_first + only_second).pvalue)


@given(st.integers(1, 10), st.integers(1, 10), st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), max_size=9))
def test_flipping_signs_is_going_through_all_ways_to_flip_them(before, after, solved):
    """In fractions, so that nothing is rounded."""
    differences = [Fraction(min(b, after), after) - Fraction(min(a, before), before) for a, b in solved]
    ways = [sum(map(operator.mul, signs, differences)) for signs in itertools.product((-1, 1), repeat=len(differences))]
    as_far = sum(abs(way) >= abs(sum(differences)) for way in ways)
    assert sign_flip([float(each) for each in differences]) == pytest.approx(as_far / len(ways))


def test_flipping_signs_against_scipy():
    from scipy import stats

    differences = np.random.default_rng(2).integers(-4, 6, size=47) / 5
    theirs = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=20_000, rng=3)
    assert sign_flip(differences.tolist()) == pytest.approx(theirs.pvalue, abs=0.012)


def test_shares_of_any_size_are_rounded_to_the_grid_which_changes_little():
    draw = np.random.default_rng(3)
    differences = draw.random(14) - draw.random(14) * 0.7
    signs = np.array(list(itertools.product((-1, 1), repeat=14)))
    exact = np.mean(np.abs(signs @ differences) >= abs(differences.sum()) - 1e-12)
    assert sign_flip(differences.tolist()) == pytest.approx(exact, abs=14 / GRID)


@pytest.mark.parametrize("p_values", [[0.01, 0.04, 0.03], [0.2], [0.5, 0.9, 0.001, 0.049], [0.02, 0.02]])
def test_holm_against_statsmodels(p_values):
    from statsmodels.stats.multitest import multipletests

    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []


@pytest.mark.parametrize("count", [12, 18, 36, 60, 117])
def test_mcnemar_finds_a_difference_where_there_is_none_at_most_5_times_in_100(count):
    """Exact: all outcomes gone through, whatever share of the problems flips, up to a half."""
    from scipy import stats

    wrong = [np.array([mcnemar(flips - won, won) <= 0.05 for won in range(flips + 1)]) for flips in range(count + 1)]
    found = [float(stats.binom.pmf(np.arange(len(each)), len(each) - 1, 0.5) @ each) for each in wrong]
    for flipped in np.linspace(0.02, 0.5, 13):
        assert stats.binom.pmf(np.arange(count + 1), count, flipped) @ found <= 0.05


@pytest.mark.long
@pytest.mark.parametrize(("first", "second"), [(3, 3), (5, 5), (3, 1), (5, 2)])
@pytest.mark.parametrize("count", [12, 36, 117])
@pytest.mark.parametrize("skill", [(0.3, 0.5), (1.0, 1.5), (0.2, 1.5)])
def test_flipping_signs_finds_a_difference_where_there_is_none_at_most_5_times_in_100(skill, count, first, second):
    """Also between arms of which one has fewer samples, where flipping signs is no longer exact."""
    draw = np.random.default_rng(8)
    easy = draw.beta(*skill, size=(4000, count))
    differences = draw.binomial(second, easy) / second - draw.binomial(first, easy) / first
    wrong = np.mean([sign_flip(each.tolist()) <= 0.05 for each in differences])
    assert wrong <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 4000)


@pytest.mark.long
@pytest.mark.parametrize("count", [12, 36, 117])
def test_so_it_is_with_the_share_of_hidden_tests(count):
    draw = np.random.default_rng(9)
    skill = draw.beta(0.3, 0.5, size=(3000, count))

    def passed():
        """All hidden tests where a program solves the problem, else some of them."""
        tests = draw.integers(5, 200, size=skill.shape)
        some = draw.binomial(tests, draw.beta(0.5, 1.5, size=skill.shape)) / tests
        return np.where(draw.random(skill.shape) < skill, 1.0, some)

    wrong = np.mean([sign_flip(each.tolist()) <= 0.05 for each in passed() - passed()])
    assert 0.03 <= wrong <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 3000)


def test_holm_keeps_the_chance_of_any_false_difference_at_5_in_100():
    p_values = np.random.default_rng(4).random((4000, 3))
    assert np.mean([min(holm(list(each))) <= 0.05 for each in p_values]) == pytest.approx(0.05, abs=0.01)
