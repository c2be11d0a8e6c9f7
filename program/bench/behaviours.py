"""What programs do on inputs of which nobody knows the right output, as a matrix, and which of them it speaks for.

Row: a program; one that was sampled twice is there twice. Column: an input. Equal numbers in a column: the same output.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from judge.checker import Checker
from judge.verdict import TestResult

CRASHED = -1  # the run gave no output


def behaviours(results: Sequence[Sequence[TestResult]], checker: Checker) -> np.ndarray:
    """The matrix: `CRASHED`, or the number of the output, from 0 on in the order of the programs.

    Args:
        results: for each program those on the same inputs.
        checker: says which outputs are alike.
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
    """For each program how many do the same as it on every input (AlphaCode, arXiv 2203.07814, section 4.6). To crash
    is to do the same, as an input may be invalid; a program that crashes on every input gets 0."""
    sizes = (matrix[:, None, :] == matrix[None, :, :]).all(axis=2).sum(axis=1)
    silent = bool(matrix.shape[1]) & (matrix == CRASHED).all(axis=1)
    return np.where(silent, 0, sizes)


def votes(matrix: np.ndarray) -> np.ndarray:
    """For each program and input how many programs, itself among them, give the same output; 0 where it crashes. Their
    sum over the inputs is highest for the program that the others agree with most, which need not be in the largest
    group (Functional Majority Voting, arXiv 2604.15618, section 3, equation 1)."""
    same = (matrix[:, None, :] == matrix[None, :, :]) & (matrix[:, None, :] != CRASHED)
    return same.sum(axis=1)
