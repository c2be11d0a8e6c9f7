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

    The observed outcome counts half, so the test has more power than the exact one. It still keeps the 5 % level if the
    arms differ on up to half of the problems (`python -m benchmarks.numbers.statistics`).

    Args:
        only_first: problems only the first arm solved.
        only_second: problems only the second arm solved.
    """
    flips, fewer = int(only_first + only_second), int(min(only_first, only_second))  # NumPy integers would overflow
    below = sum(math.comb(flips, k) for k in range(fewer))
    return (2 * below + math.comb(flips, fewer)) / 2**flips


def sign_flip(differences: Sequence[float]) -> float:
    """The two-sided p-value of the sign-flip test: under the null hypothesis each problem's difference flips its sign.

    The sums of all 2^N sign patterns are counted by convolution. Differences are rounded to `GRID` steps. This changes
    nothing for shares of at most ten samples, and the test of rounded differences is also valid.

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
    tail = (total - abs(int(signed.sum()))) // 2  # at least as far from the middle as the observed sum
    return min(1.0, 2 * float(sums[: tail + 1].sum()))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values after Holm's step-down correction, in the order given.

    If differences count as shown when these are at most 0.05, the chance of any false one is at most 5 %.
    """
    adjusted, running = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda each: p_values[each])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted
