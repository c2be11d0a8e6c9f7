"""What a flow knows of its own programs, and which of several samples it would submit."""

import pytest

from eval.numbers.selection import evidence_of, n_at_k_of
from tests.support.rollouts import CODE, rollout, run_on


def test_public_tests_count_before_the_rollouts_own_ai_tests():
    none_public = rollout(public=0.5, events=[run_on("ai", CODE, "AC AC AC")])
    no_ai = rollout(public=1.0, events=[run_on("ai", CODE, "WA WA WA")])
    assert evidence_of(no_ai) > evidence_of(none_public)


def test_ai_tests_decide_between_programs_that_pass_the_public_ones():
    half = rollout(events=[run_on("ai", CODE, "AC WA")])
    most = rollout(events=[run_on("ai", CODE, "AC"), run_on("ai", CODE, "AC WA")])
    assert evidence_of(half) == (1.0, 0.5) and evidence_of(most) == (1.0, pytest.approx(2 / 3))


def test_runs_of_other_programs_say_nothing_of_the_answer():
    assert evidence_of(rollout(events=[run_on("ai", "print(2)\n", "AC AC")])) == (1.0, 0.0)


def test_a_rollout_without_a_program_is_never_preferred():
    assert evidence_of(rollout(code="", public=0.0)) < evidence_of(rollout(public=0.0))


def test_hidden_tests_are_no_evidence():
    assert evidence_of(rollout(hidden=0.0)) == evidence_of(rollout(hidden=1.0))


def test_one_at_k_is_what_the_public_tests_pick():
    samples = [
        rollout("apple", 1.0, sample=0, public=1.0),
        rollout("apple", 0.0, sample=1, public=0.5),
        rollout("berry", 0.0, sample=0, public=1.0),
        rollout("berry", 0.0, sample=1, public=0.0),
    ]
    assert n_at_k_of(samples, 1, 1).value == 0.25  # one sample at random
    assert n_at_k_of(samples, 1, 2).value == 0.5  # the better-looking one of two


def test_too_few_samples_are_an_error():
    with pytest.raises(ValueError, match="needs 3 samples"):
        n_at_k_of([rollout(sample=0), rollout(sample=1)], 1, 3)


def test_one_problem_with_too_few_samples_is_an_error_and_not_left_out():
    samples = [*(rollout("apple", sample=n) for n in range(3)), *(rollout("berry", sample=n) for n in range(2))]
    with pytest.raises(ValueError, match="1@3 needs 3 samples of every problem; 1 of 2 have them"):
        n_at_k_of(samples, 1, 3)


def test_lost_samples_are_no_samples():
    with pytest.raises(ValueError, match="needs 2 samples"):
        n_at_k_of([rollout(sample=0), rollout(hidden=None, sample=1)], 1, 2)
