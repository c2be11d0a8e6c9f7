"""Tests of whether two arms differ on the same problems. The unit is the problem. All are exact, without sampling."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

GRID = 2520  # steps from 0 to 1: differences between shares of at most ten samples are whole numbers of steps


def paired_p(differences: Sequence[float]) -> float:
    """The two-sided p-value: McNemar's if every difference is -1, 0 or 1, else that of `sign_flip`.

    Args:
        differences: second arm minus first, one number from -1 to 1 per problem.
    """
    if {abs(each) for each in differences} <= {0.0, 1.0}:
        return mcnemar(sum(each < 0 for each in differences), sum(each > 0 for each in differences))
    return sign_flip(differences)


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided mid-p value of McNemar's test (Fagerland, Lydersen and Laake 2013).

    The outcome that was seen counts half, so the test finds more than the exact one, and yet it keeps 5 % wherever
    arms differ on up to half of the problems (`python -m benchmarks.numbers.statistics`).

    Args:
        only_first: problems only the first arm solved.
        only_second: problems only the second arm solved.
    """
    flips, fewer = int(only_first + only_second), int(min(only_first, only_second))  # numpy's would overflow
    below = sum(math.comb(flips, k) for k in range(fewer))
    return (2 * below + math.comb(flips, fewer)) / 2**flips


def sign_flip(differences: Sequence[float]) -> float:
    """The two-sided p-value of the sign-flip test: the arms change names at random, problem by problem.

    The sums of all 2^N ways to do so are counted by convolution. Differences are rounded to `GRID` steps: between
    shares of at most ten samples that changes nothing, and the test of rounded ones is as valid.

    Args:
        differences: second arm minus first, one number from -1 to 1 per problem.
    """
    signed = np.rint(np.asarray(differences, dtype=float) * GRID).astype(int)
    if not signed.any():
        return 1.0
    signed //= np.gcd.reduce(signed)
    sums = np.ones(1)  # probabilities of 0, 1, 2, … steps in favour of the second arm
    for step in np.abs(signed[signed != 0]):
        longer = np.zeros(len(sums) + step)
        longer[: len(sums)] = sums / 2
        longer[step:] += sums / 2
        sums = longer
    total = len(sums) - 1
    tail = (total - abs(int(signed.sum()))) // 2  # as far from the middle as what was seen, or further
    return min(1.0, 2 * float(sums[: tail + 1].sum()))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values after Holm's step-down correction, in the order given.

    Calling differences shown where these are at most 0.05 keeps the chance of any false one at 5 %.
    """
    adjusted, running = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda each: p_values[each])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted
