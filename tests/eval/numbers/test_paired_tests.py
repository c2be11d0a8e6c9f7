"""Paired tests: against other libraries, and how often they find a difference where there is none.

The libraries take long to import: only the tests that compare with them do.
"""

import itertools

import numpy as np
import pytest

from eval.numbers import paired_tests
from eval.numbers.paired_tests import holm, mcnemar, sign_flip

FLIPS = [(0, 0), (1, 0), (5, 5), (0, 5), (0, 6), (1, 9), (3, 12), (20, 41)]


@pytest.mark.parametrize(("only_first", "only_second"), FLIPS)
def test_mcnemar_against_statsmodels(only_first, only_second):
    from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar

    theirs = their_mcnemar([[7, only_first], [only_second, 11]], exact=True).pvalue
    assert mcnemar(only_first, only_second) == pytest.approx(min(1.0, theirs), abs=1e-12)
    assert mcnemar(only_second, only_first) == mcnemar(only_first, only_second)


@pytest.mark.parametrize("flips", [1, 4, 9])
def test_mcnemar_is_the_share_of_coin_throws_at_least_as_uneven(flips):
    throws = [sum(throw) for throw in itertools.product((0, 1), repeat=flips)]
    for heads in range(flips + 1):
        as_uneven = [abs(2 * each - flips) >= abs(2 * heads - flips) for each in throws]
        assert mcnemar(heads, flips - heads) == pytest.approx(sum(as_uneven) / len(throws))


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 5), (3, 9), (6, 6), (0, 0)])
def test_flipping_signs_of_single_samples_is_mcnemars_test(only_first, only_second):
    differences = [-1.0] * only_first + [1.0] * only_second + [0.0] * 20
    assert sign_flip(differences) == pytest.approx(mcnemar(only_first, only_second))


def test_flipping_signs_exactly_against_scipy():
    from scipy import stats

    differences = np.array([0.2, -0.4, 0.6, 0.2, 0.8, -0.2, 0.4, 0.2, 0.0])
    theirs = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert sign_flip(list(differences)) == pytest.approx(theirs.pvalue)


def test_flipping_signs_at_random_against_scipy():
    from scipy import stats

    differences = np.random.default_rng(2).integers(-4, 6, size=47) / 5
    theirs = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=20_000, rng=3)
    assert sign_flip(list(differences)) == pytest.approx(theirs.pvalue, abs=0.012)
    assert sign_flip(list(differences)) == sign_flip(list(differences))


def test_the_p_value_of_random_flips_is_never_nothing():
    assert sign_flip([1.0] * 60) == 1 / (paired_tests.FLIPS + 1)


@pytest.mark.parametrize("p_values", [[0.01, 0.04, 0.03], [0.2], [0.5, 0.9, 0.001, 0.049], [0.02, 0.02]])
def test_holm_against_statsmodels(p_values):
    from statsmodels.stats.multitest import multipletests

    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []


@pytest.mark.parametrize("count", [20, 36, 117])
@pytest.mark.parametrize("flipped", [0.05, 0.2, 0.5])
def test_mcnemar_finds_a_difference_where_there_is_none_at_most_5_times_in_100(count, flipped):
    from scipy import stats

    found = 0.0
    for flips in range(count + 1):
        won = np.arange(flips + 1)
        wrong = np.array([mcnemar(flips - int(each), int(each)) <= 0.05 for each in won])
        found += stats.binom.pmf(flips, count, flipped) * float(stats.binom.pmf(won, flips, 0.5) @ wrong)
    assert found <= 0.05


@pytest.mark.parametrize("count", [12, 40])
def test_the_permutation_test_finds_a_difference_where_there_is_none_at_most_5_times_in_100(count, monkeypatch):
    monkeypatch.setattr(paired_tests, "FLIPS", 999)
    draw = np.random.default_rng(8)
    skill = draw.beta(0.3, 0.5, size=(1000, count))
    differences = (draw.binomial(5, skill) - draw.binomial(5, skill)) / 5
    wrong = np.mean([sign_flip(list(each), seed) <= 0.05 for seed, each in enumerate(differences)])
    assert 0.005 <= wrong <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1000)


def test_holm_keeps_the_chance_of_any_false_difference_at_5_in_100():
    p_values = np.random.default_rng(4).random((4000, 3))
    assert np.mean([min(holm(list(each))) <= 0.05 for each in p_values]) == pytest.approx(0.05, abs=0.01)
