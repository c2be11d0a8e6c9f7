"""Intervals and paired tests over problems. A problem is the unit: samples of one problem are averaged first."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

RESAMPLES = 10_000


def mean_interval(values: Sequence[float], level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """A percentile bootstrap interval of the mean over problems; NaN when there are none.

    Args:
        values: one number a problem, shape (problems,).
        level: of confidence.
        seed: of the resampling.
    """
    if not values:
        return math.nan, math.nan
    numbers = np.asarray(values, dtype=float)
    drawn = np.random.default_rng(seed).integers(0, len(numbers), size=(RESAMPLES, len(numbers)))
    tails = (1 - level) / 2
    low, high = np.quantile(numbers[drawn].mean(axis=1), [tails, 1 - tails])
    return float(low), float(high)


def difference_interval(first: Sequence[float], second: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """A bootstrap interval of mean(second) - mean(first), paired: both hold the same problems in the same order."""
    return mean_interval([b - a for a, b in zip(first, second, strict=True)], level)


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p-value of McNemar's test.

    Args:
        only_first: problems only the first arm solved.
        only_second: problems only the second arm solved.
    """
    flips = only_first + only_second
    if flips == 0:
        return 1.0
    tail = sum(math.comb(flips, k) for k in range(min(only_first, only_second) + 1)) / 2**flips
    return min(1.0, 2 * tail)
