"""The power of a paired comparison: the chance that it shows a true difference of a given size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from eval.numbers.paired_tests import paired_p

GAIN = 0.1  # the difference for which power is reported: ten points
DRAWS = 1000  # simulated comparisons; the standard error is about 1.5 points
WANTED = 0.8  # the power at which a difference counts as detectable
STEP = 0.005  # precision of a detectable difference
_MANY = 40  # problems that differ; from here on the normal approximation is accurate


def power(
    differences: Sequence[float], level: float = 0.05, problems: int | None = None, gain: float = GAIN
) -> float | None:
    """The chance that the paired test finds a true difference of `gain`, if the arms otherwise differ as here: on the
    same share of problems, by the same sizes. Only the signs are drawn, such that the mean is `gain`.

    If too few problems differ for a mean of `gain`, as many differ as needed.

    Args:
        differences: second arm minus first, one number per problem.
        level: the p-value at which a difference counts as shown.
        problems: of the comparison; by default `len(differences)`.

    Returns:
        None if no problem differs, because then the size of differences is unknown.
    """
    sizes = np.abs([each for each in differences if each])
    if not len(sizes):
        return None
    count = problems or len(differences)
    moving = min(1.0, max(len(sizes) / len(differences), gain / float(sizes.mean())))
    lead = min(1.0, gain / (moving * float(sizes.mean())))  # the chance of a positive sign minus that of a negative one
    if moving * count > _MANY:
        return _approximately(count, moving * float((sizes**2).mean()), level, gain)
    draw = np.random.default_rng(0)
    found = 0
    for _ in range(DRAWS):
        drawn = draw.choice(sizes, size=draw.binomial(count, moving))
        ahead = draw.random(len(drawn)) < (1 + lead) / 2
        found += paired_p(np.where(ahead, drawn, -drawn).tolist()) <= level
    return found / DRAWS


def least_difference(differences: Sequence[float], problems: int) -> float | None:
    """The smallest true difference, 0 to 1, that a comparison on this many problems shows with power `WANTED`.

    Args:
        differences: of two arms similar to the compared ones.
        problems: of the comparison.

    Returns:
        None if no problem differs, or if even the largest difference is not shown.
    """
    gains = (step * STEP for step in range(1, round(1 / STEP) + 1))
    return next((gain for gain in gains if (power(differences, problems=problems, gain=gain) or 0.0) >= WANTED), None)


def least_gain(first: Sequence[float], second: Sequence[float], level: float) -> float:
    """The smallest true gain that such a comparison detects with power `WANTED`, if as many problems differ as here
    plus two: Connor's formula (1987), solved for the gain; at most 1.

    Args:
        first, second: of both arms, problem by problem.
        level: the p-value at which a gain counts as shown.
    """
    differences = np.asarray([b - a for a, b in zip(first, second, strict=True)], dtype=float)
    if not len(differences):
        return 1.0
    square = float((np.append(differences, [1.0, -1.0]) ** 2).mean())
    normal = NormalDist()
    reach = normal.inv_cdf(1 - level / 2) + normal.inv_cdf(WANTED)
    return min(1.0, reach * math.sqrt(square / (len(differences) + 2)))


def _approximately(problems: int, square: float, level: float, gain: float) -> float:
    """Connor's formula for McNemar's test (1987). It needs only the mean square of the differences, so it is also valid
    for shares of several samples.
    """
    spread = math.sqrt(max(square - gain * gain, 1e-12))
    normal = NormalDist()
    return normal.cdf((gain * math.sqrt(problems) - normal.inv_cdf(1 - level / 2) * math.sqrt(square)) / spread)
