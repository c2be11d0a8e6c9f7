"""pass@k and n@k against going through every subset of the samples."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from eval.numbers.pass_at_k import TooFewSamples, n_at_k, pass_at_k, pass_at_k_of, solved_by_any


def best(subset: tuple[tuple[int, bool], ...], n: int) -> float:
    """The chance that one of the n best solves, over all ways to break ties."""
    orders = list(itertools.permutations(subset))
    picked = [sorted(order, key=lambda sample: -sample[0])[:n] for order in orders]
    return sum(any(solved for _, solved in each) for each in picked) / len(picked)


@given(some.lists(some.booleans(), min_size=1, max_size=8), some.data())
def test_pass_at_k_is_the_share_of_subsets_with_a_solved_sample(solved, data):
    k = data.draw(some.integers(1, len(solved)))
    subsets = list(itertools.combinations(solved, k))
    assert pass_at_k(len(solved), sum(solved), k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


@settings(max_examples=60, deadline=None)
@given(some.lists(some.tuples(some.integers(0, 2), some.booleans()), min_size=1, max_size=5), some.data())
def test_n_at_k_is_the_share_of_subsets_whose_n_best_have_a_solved_sample(samples, data):
    k = data.draw(some.integers(1, len(samples)))
    n = data.draw(some.integers(1, k))
    subsets = list(itertools.combinations(samples, k))
    expected = sum(best(subset, n) for subset in subsets) / len(subsets)
    assert n_at_k(*zip(*samples, strict=True), n, k) == pytest.approx(expected)


@given(some.lists(some.tuples(some.integers(0, 3), some.booleans()), min_size=1, max_size=9))
def test_handing_in_all_samples_is_pass_at_k_and_one_of_one_is_the_mean(samples):
    evidence, solved = zip(*samples, strict=True)
    for k in range(1, len(samples) + 1):
        assert n_at_k(evidence, solved, k, k) == pytest.approx(pass_at_k(len(samples), sum(solved), k))
    assert n_at_k(evidence, solved, 1, 1) == pytest.approx(sum(solved) / len(solved))


def test_good_evidence_picks_the_solved_sample_and_misleading_evidence_the_other():
    assert n_at_k([0.1, 0.9, 0.2], [False, True, False], 1, 3) == 1.0
    assert n_at_k([0.9, 0.1, 0.2], [False, True, False], 1, 3) == 0.0
    assert n_at_k([0.5, 0.5, 0.5], [False, True, False], 1, 3) == pytest.approx(1 / 3)


def test_the_estimate_is_right_on_average():
    draw = np.random.default_rng(0)
    found = [pass_at_k(10, int(draw.binomial(10, 0.2)), 4) for _ in range(4000)]
    assert np.mean(found) == pytest.approx(1 - 0.8**4, abs=0.01)


@pytest.mark.parametrize(("samples", "solved", "k"), [(3, 1, 4), (0, 0, 1), (3, 1, 0), (3, 4, 2)])
def test_what_the_samples_cannot_tell_is_an_error(samples, solved, k):
    with pytest.raises(ValueError, match=r"pass@|cannot be solved"):
        pass_at_k(samples, solved, k)


@pytest.mark.parametrize(("n", "k"), [(0, 2), (3, 2), (1, 4)])
def test_more_programs_than_samples_cannot_be_handed_in(n, k):
    with pytest.raises(ValueError, match=r"submitted|needs 4 samples"):
        n_at_k([1, 2, 3], [True, False, True], n, k)


def test_pass_at_k_over_problems_is_told_only_where_each_of_them_has_k_samples():
    done = {"apple": [True, False], "berry": [False, False], "cherry": [True]}
    assert pass_at_k_of(done, 1).value == 0.5
    with pytest.raises(TooFewSamples, match="pass@2 needs 2 samples of every problem; 2 of 3 have them") as caught:
        pass_at_k_of(done, 2)
    assert caught.value.short == "k = 2 on 2 of 3 problems"
    with pytest.raises(TooFewSamples, match="pass@1"):
        pass_at_k_of({}, 1)


@given(some.lists(some.lists(some.booleans(), min_size=4, max_size=4), min_size=1, max_size=6))
def test_with_as_many_samples_of_each_problem_pass_at_all_of_them_is_solved_by_any(samples):
    done = {str(number): each for number, each in enumerate(samples)}
    assert solved_by_any(done) == pass_at_k_of(done, 4)


def test_solved_by_any_counts_problems_with_any_number_of_samples():
    assert solved_by_any({"apple": [True], "berry": [False] * 5, "cherry": [False, True]}).value == 2 / 3
