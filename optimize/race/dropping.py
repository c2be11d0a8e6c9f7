"""When a candidate drops out of a race: by a sequential paired test against the best one so far, or by halving.

Both are needed. The test drops candidates early that are clearly behind. Halving (as in Hyperband, Li et al., arXiv
1603.06560) avoids running many similar candidates to the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from eval.numbers.intervals import Estimate, difference_estimate
from eval.numbers.paired import on_common
from optimize.job.candidates import SCREENING_LEVEL

# Shares of the rollouts after which candidates are compared, shares of the candidates that may stay, and the minimum
# number that stays. Chosen by simulation: with 8 to 16 candidates, 100 rollouts each and independent luck, 9 of 10
# races find the winner of a full evaluation with 40 % of its rollouts. With fewer candidates the saving is small, and
# halving would lose a candidate that is 15 points ahead in one of five races.
LOOKS = ((0.2, 0.5, 4), (0.4, 0.2, 3), (1.0, 0.0, 1))
FEWEST_ROLLOUTS = 12  # minimum rollouts before the first comparison, and between comparisons


@dataclass(frozen=True)
class Standing:
    """The results of a candidate.

    solved: the solved share of its samples, by problem.
    cost: per rollout, in a unit common to all candidates; unit: its name.
    rollouts: their number.
    """

    solved: Mapping[str, float]
    cost: float
    unit: str = ""
    rollouts: int = 0

    @property
    def share(self) -> float:
        return sum(self.solved.values()) / len(self.solved) if self.solved else 0.0


def looks(rollouts: int, candidates: int) -> list[tuple[int, int]]:
    """The numbers of rollouts after which candidates are compared, and how many may stay; the last one is at the end.

    Args:
        rollouts: of a candidate that runs to the end.
        candidates: at the start.
    """
    counts: dict[int, int] = {}
    for number, (share, keep, least) in enumerate(LOOKS, 1):
        look = max(FEWEST_ROLLOUTS * number, round(rollouts * share))
        counts[min(rollouts, look)] = max(least, ceil(keep * candidates))
    return sorted(counts.items())


def most_rollouts(rollouts: int, candidates: int) -> int:
    """The maximum number of rollouts of all candidates together; see `looks`."""
    total, before, alive = 0, 0, candidates
    for count, keep in looks(rollouts, candidates):
        total += alive * (count - before)
        before, alive = count, min(alive, keep)
    return total


def dropped(standings: Mapping[str, Standing], keep: int, first: str) -> dict[str, str]:
    """The candidates that drop out, each with the reason.

    Args:
        standings: of all candidates in the race, in order of preference among equals; all on the same problems.
        keep: how many may stay at most.
        first: the candidate to beat. It drops out only if it is clearly behind: a change that owes its place to luck on
            a few problems is found out by comparison with it.
    """
    order = sorted(standings, key=lambda name: (-standings[name].share, standings[name].cost))
    best, out = order[0], {}
    for name in order[1:]:
        value, low, high = difference(standings[best].solved, standings[name].solved)
        if high < 0:
            out[name] = f"behind {best} by {-100 * value:.0f} points ({-100 * high:.0f} to {-100 * low:.0f})"
    # Candidates without effect would take the places of better ones.
    for place, name in enumerate(order):
        twins = (other for other in order[:place] if standings[other].solved == standings[name].solved)
        if name not in out and name != first and (twin := next(twins, None)):
            out[name] = f"same results as {twin}, not cheaper"
    left = [name for name in order if name not in out]
    staying = sorted(left, key=lambda name: name != first)[:keep]
    for place, name in enumerate(left, 1):
        if name not in staying:
            out[name] = f"rank {place} of the {len(left)} remaining"
    return out


def difference(first: Mapping[str, float], second: Mapping[str, float]) -> Estimate:
    """Second minus first in solved shares on common problems: the mean, and its 80 % interval."""
    _, pair = on_common(first, second)
    return difference_estimate(*pair, level=SCREENING_LEVEL)
