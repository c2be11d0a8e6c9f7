"""How many problems a paired comparison needs to show a difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

POWER = 0.8


def problems_needed(differences: Sequence[float], level: float = 0.05) -> int | None:
    """Problems on which the two-sided paired test would find, 80 times in 100, such a difference as was seen.

    Connor's formula for McNemar's test (1987), which holds for shares of several samples as well: it needs the
    mean square of the differences only; and Fleiss's correction for what comes in steps (n + step / |mean|).

    Args:
        differences: second arm minus first, one number a problem.
        level: the p-value at which a difference counts as shown.

    Returns:
        None when the arms do not differ on average: no number of problems shows that.
    """
    mean = sum(differences) / len(differences) if differences else 0.0
    if abs(mean) < 1e-12:
        return None
    square = sum(each * each for each in differences) / len(differences)
    spread = _z(1 - level / 2) * math.sqrt(square) + _z(POWER) * math.sqrt(max(0.0, square - mean * mean))
    step = min(abs(each) for each in differences if each)
    return math.ceil((spread / mean) ** 2 + step / abs(mean))


def difference_shown(differences: Sequence[float], level: float = 0.05) -> float | None:
    """The smallest true difference that so many problems would show 80 times in 100, were the arms to differ on as many
    as here; None when they differ on none, which says nothing of it.
    """
    square = sum(each * each for each in differences) / len(differences) if differences else 0.0
    return (_z(1 - level / 2) + _z(POWER)) * math.sqrt(square / len(differences)) if square else None


def _z(share: float) -> float:
    return NormalDist().inv_cdf(share)
