"""Tests of whether two arms differ on the same problems; a problem is the unit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

EXACT_UP_TO = 14  # problems that differ; all 2^14 ways to flip them are looked at
FLIPS = 20_000  # drawn beyond that
_SLACK = 1e-9  # sums of the same differences in another order differ in the last digits


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


def sign_flip(differences: Sequence[float], seed: int = 0) -> float:
    """The two-sided p-value of the paired permutation test: arms change names at random, problem by problem.

    Exact where few problems differ; else from random exchanges, the one that was seen counted among them (Phipson
    and Smyth 2010), so that it is never below 1 in 20,001. With differences of -1, 0 and 1 it is McNemar's test.

    Args:
        differences: second arm minus first, one number a problem.
    """
    moved = np.asarray([each for each in differences if each], dtype=float)
    seen = abs(moved.sum()) - _SLACK
    if len(moved) <= EXACT_UP_TO:
        patterns = (np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved))) & 1
        return float(np.mean(np.abs((2 * patterns - 1) @ moved) >= seen))
    signs = np.random.default_rng(seed).integers(0, 2, size=(FLIPS, len(moved)), dtype=np.int8) * 2 - 1
    return float((np.sum(np.abs(signs @ moved) >= seen) + 1) / (FLIPS + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values after Holm's step-down correction, in the order given.

    Calling differences shown where these are at most 0.05 keeps the chance of any false one at 5 %.
    """
    adjusted, running = [1.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda each: p_values[each])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted
