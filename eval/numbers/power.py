"""How likely a paired comparison shows a true difference of a stated size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from eval.numbers.paired_tests import paired_p

GAIN = 0.1  # the difference that power is stated for: ten points
DRAWS = 1000  # simulated comparisons, so the figure is right to about 1.5 points
WANTED = 0.8  # the chance at which a difference counts as one that can be seen
STEP = 0.005  # to which such a difference is found
_MANY = 40  # problems that differ; from there on the normal approximation is as good


def power(
    differences: Sequence[float], level: float = 0.05, problems: int | None = None, gain: float = GAIN
) -> float | None:
    """The chance that the paired test finds a true difference of `gain`, were the arms to differ as here otherwise:
    on as large a share of the problems, by as much. Only which arm is ahead is drawn, so that the mean is `gain`.

    Where fewer problems differ than a mean of `gain` needs, as many do as it needs.

    Args:
        differences: second arm minus first, one number a problem.
        level: the p-value at which a difference counts as shown.
        problems: of the comparison; by default as many as here.

    Returns:
        None where no problem differs, which does not say by how much problems do.
    """
    sizes = np.abs([each for each in differences if each])
    if not len(sizes):
        return None
    count = problems or len(differences)
    moving = min(1.0, max(len(sizes) / len(differences), gain / float(sizes.mean())))
    lead = min(1.0, gain / (moving * float(sizes.mean())))  # the chance of ahead minus that of behind
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
    """The smallest true difference, 0 to 1, that a comparison of so many problems shows with the chance `WANTED`.

    Args:
        differences: of two arms like those that are compared.
        problems: of the comparison.

    Returns:
        None where no problem differs, or not even the largest difference is shown.
    """
    gains = (step * STEP for step in range(1, round(1 / STEP) + 1))
    return next((gain for gain in gains if (power(differences, problems=problems, gain=gain) or 0.0) >= WANTED), None)


def _approximately(problems: int, square: float, level: float, gain: float) -> float:
    """Connor's formula for McNemar's test (1987); it needs the mean square of the differences only, so it holds for
    shares of several samples as well.
    """
    spread = math.sqrt(max(square - gain * gain, 1e-12))
    normal = NormalDist()
    return normal.cdf((gain * math.sqrt(problems) - normal.inv_cdf(1 - level / 2) * math.sqrt(square)) / spread)
