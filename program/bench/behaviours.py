"""The behaviour of programs on inputs without a known output, as a matrix, and votes based on it.

A row is a program; a program that was sampled twice has two rows. A column is an input. Equal numbers in a column mean
equal outputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from judge.checker import Checker
from judge.verdict import TestResult

CRASHED = -1  # the run gave no output


def behaviours(results: Sequence[Sequence[TestResult]], checker: Checker) -> np.ndarray:
    """The matrix: `CRASHED`, or the number of the output, from 0 in the order of the programs.

    Args:
        results: for each program its results on the same inputs.
        checker: compares outputs.
    """
    matrix = np.full((len(results), len(results[0]) if results else 0), CRASHED)
    for place, column in enumerate(zip(*results, strict=True)):
        outputs: list[str] = []
        for row, result in enumerate(column):
            if result.crashed:
                continue
            alike = (number for number, output in enumerate(outputs) if checker.matches(result.output, output))
            matrix[row, place] = number = next(alike, len(outputs))
            if number == len(outputs):
                outputs.append(result.output)
    return matrix


def group_sizes(matrix: np.ndarray) -> np.ndarray:
    """For each program, the number of programs with the same behaviour on every input (AlphaCode, arXiv 2203.07814,
    section 4.6). Crashes count as the same, because an input may be invalid. A program that crashes on every input
    gets 0."""
    sizes = (matrix[:, None, :] == matrix[None, :, :]).all(axis=2).sum(axis=1)
    silent = bool(matrix.shape[1]) & (matrix == CRASHED).all(axis=1)
    return np.where(silent, 0, sizes)


def votes(matrix: np.ndarray) -> np.ndarray:
    """For each program and input, the number of programs with the same output, including itself; 0 for a crash. The sum
    over the inputs is highest for the program that the others agree with most. It need not be in the largest group
    (Functional Majority Voting, arXiv 2604.15618, section 3, equation 1)."""
    same = (matrix[:, None, :] == matrix[None, :, :]) & (matrix[:, None, :] != CRASHED)
    return same.sum(axis=1)
