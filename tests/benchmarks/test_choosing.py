"""Choosing among programs that pass the public tests."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.choosing.cases import FIRST, ORACLE, RANDOM, TODAY, Case, choosing_table
from benchmarks.choosing.selectors import SELECTORS, chosen
from program.bench.behaviours import CRASHED

X = CRASHED


@st.composite
def matrices(draw):
    programs, inputs = draw(st.integers(1, 6)), draw(st.integers(0, 4))
    row = st.lists(st.integers(CRASHED, 2), min_size=inputs, max_size=inputs)
    return np.array(draw(st.lists(row, min_size=programs, max_size=programs)), dtype=int).reshape(programs, inputs)


def picks(matrix):
    return {name: chosen(score(np.array(matrix))) for name, score in SELECTORS.items()}


@pytest.mark.parametrize("matrix", [[[0, 0]], [[X, X]], [[0, 0]] * 3, [[X, X]] * 3, [[], []]])
def test_where_nothing_tells_programs_apart_the_first_is_chosen(matrix):
    assert set(picks(matrix).values()) == {0}


def test_all_choose_from_a_clear_majority():
    assert set(picks([[1, 1, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]).values()) == {1}


def test_a_group_counts_identical_programs_and_the_majority_all_that_agree_somewhere():
    matrix = [[1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 0, 2], [0, 3, 0], [4, 0, 0]]
    assert picks(matrix)["largest group"] == 0
    assert picks(matrix)["functional majority"] == 2


def test_dual_agreement_weighs_both():
    matrix = np.array([[1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 0, 2]])
    assert SELECTORS["dual agreement"](matrix).tolist() == [12, 12, 5, 5]


def test_claims_that_agree_with_the_others_weigh_more_than_noise():
    # On the first two inputs the same three agree; on the third the programs fall into two halves across that.
    matrix = [[1, 1, 0], [2, 2, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]]
    scores = SELECTORS["claims by AUC"](np.array(matrix))
    assert scores[0] == scores[1] < min(scores[2:])


def test_on_one_input_there_is_nothing_to_rank_claims_by_and_all_count():
    assert picks([[1], [0], [0]])["claims by AUC"] == 1


@given(matrices(), st.randoms(use_true_random=False))
def test_the_order_of_programs_and_inputs_and_the_names_of_outputs_change_no_score(matrix, random):
    rows = random.sample(range(len(matrix)), len(matrix))
    columns = random.sample(range(matrix.shape[1]), matrix.shape[1])
    renamed = np.where(matrix == CRASHED, CRASHED, (matrix + 1) % 3 + 5)
    for score in SELECTORS.values():
        assert score(renamed[rows][:, columns]) == pytest.approx(score(matrix)[rows])


@given(matrices())
def test_a_program_that_always_crashes_wins_against_no_other(matrix):
    silent = (matrix == CRASHED).all(axis=1)
    for score in SELECTORS.values():
        scores = score(matrix)
        assert (scores >= 0).all()
        if matrix.shape[1]:
            assert not scores[silent].any()


def test_the_table_has_the_oracle_and_what_each_way_leaves_behind():
    cases = [
        Case("one", np.array([False, True, True]), {"inputs": np.array([[0], [1], [1]])}, today=False),
        Case("two", np.array([True, False]), {"inputs": np.array([[0], [1]])}, today=True),
        Case("three", np.array([False, False]), {"inputs": np.array([[0], [1]])}, today=False),
    ]
    assert cases[0].solved() == {
        **{ORACLE: 1, TODAY: 0, FIRST: 0, RANDOM: pytest.approx(2 / 3)},
        **{f"{name}, inputs": 1 for name in SELECTORS},
    }
    assert [case.contested for case in cases] == [True, True, False]
    lines = choosing_table(cases).splitlines()
    shown = {
        line.split(" | ")[0].strip("| "): [each.split(" (")[0] for each in line.split(" | ")[1:]] for line in lines
    }
    assert shown[ORACLE][:2] == ["66.7 %", "0.0 %"]
    assert shown[TODAY][:2] == shown[FIRST][:2] == ["33.3 %", "33.3 %"]
    assert shown["largest group, inputs"][:3] == ["66.7 %", "0.0 %", "+33.3 points"]
