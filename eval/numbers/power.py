"""How likely a paired comparison shows a true difference of a stated size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from eval.numbers.paired_tests import paired_p

GAIN = 0.1  # the difference that power is stated for: ten points
DRAWS = 1000  # simulated comparisons, so the figure is right to about 1.5 points
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


def _approximately(problems: int, square: float, level: float, gain: float) -> float:
    """Connor's formula for McNemar's test (1987); it needs the mean square of the differences only, so it holds for
    shares of several samples as well.
    """
    spread = math.sqrt(max(square - gain * gain, 1e-12))
    normal = NormalDist()
    return normal.cdf((gain * math.sqrt(problems) - normal.inv_cdf(1 - level / 2) * math.sqrt(square)) / spread)
