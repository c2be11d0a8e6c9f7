"""What programs do on inputs without a known output, as a matrix."""

import numpy as np

from judge.checker import STRICT
from judge.verdict import TestResult as Result
from judge.verdict import Verdict
from program.bench.behaviours import CRASHED, behaviours, group_sizes, votes


def test_the_matrix_has_a_number_for_each_output_and_one_for_no_output():
    def done(*outputs: str | None):
        return [Result(Verdict.TLE) if each is None else Result(Verdict.AC, each) for each in outputs]

    matrix = behaviours([done("1.0\n", "a"), done("1.0000001\n", None), done("2\n", "b"), done("2", "a")], STRICT)
    assert matrix.tolist() == [[0, 0], [0, CRASHED], [1, 1], [1, 0]]
    assert behaviours([[], []], STRICT).shape == (2, 0)


def test_programs_of_a_group_do_the_same_on_every_input():
    assert group_sizes(np.array([[0, 1], [0, 2], [0, 1]])).tolist() == [2, 1, 2]
    assert group_sizes(np.zeros((3, 0), dtype=int)).tolist() == [3, 3, 3]


def test_crashing_alike_is_doing_the_same_unless_nothing_else_is_done():
    assert group_sizes(np.array([[CRASHED, 0], [CRASHED, 0], [1, 0]])).tolist() == [2, 2, 1]
    assert group_sizes(np.array([[CRASHED, CRASHED], [CRASHED, CRASHED], [1, CRASHED]])).tolist() == [0, 0, 1]


def test_nobody_votes_for_a_crash():
    assert votes(np.array([[CRASHED, 0], [CRASHED, 0], [1, 1]])).tolist() == [[0, 2], [0, 2], [1, 1]]
