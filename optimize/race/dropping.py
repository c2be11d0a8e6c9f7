"""When a candidate drops out of a race: by a sequential paired test against the best one so far, and by halving.

Both are needed. The test drops what is clearly behind, early; halving (as in Hyperband, Li et al., arXiv 1603.06560)
keeps candidates that are all alike from being run to the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from eval.numbers.intervals import difference_estimate

# Shares of the rollouts after which candidates are compared, shares of the candidates that may stay, and how many may
# at least. Chosen by simulation: with 8 to 16 candidates and 100 rollouts of each the winner of a full evaluation is
# found in 9 of 10 races at 40 % of its rollouts, with independent luck. With fewer candidates the rollouts are few
# anyway, and halving would lose one that is 15 points ahead in one of five races.
LOOKS = ((0.2, 0.5, 4), (0.4, 0.2, 3), (1.0, 0.0, 1))
FEWEST = 12  # rollouts, before the first comparison, and from each comparison to the next
LEVEL = 0.2  # two-sided: a candidate drops out where the one-sided 90 % interval leaves it behind


@dataclass(frozen=True)
class Standing:
    """How a candidate has done.

    solved: the share of its samples that are solved, by problem.
    cost: of a rollout, in any unit that all candidates share; unit: which one.
    """

    solved: Mapping[str, float]
    cost: float
    unit: str = ""

    @property
    def share(self) -> float:
        return sum(self.solved.values()) / len(self.solved) if self.solved else 0.0


def looks(rollouts: int, candidates: int) -> list[tuple[int, int]]:
    """After how many rollouts of each the candidates are compared, and how many may stay; the last look is at the end.

    Args:
        rollouts: of a candidate that runs to the end.
        candidates: at the start.
    """
    counts: dict[int, int] = {}
    for number, (share, keep, least) in enumerate(LOOKS, 1):
        counts[min(rollouts, max(FEWEST * number, round(rollouts * share)))] = max(least, ceil(keep * candidates))
    return sorted(counts.items())


def dropped(standings: Mapping[str, Standing], keep: int) -> dict[str, str]:
    """The candidates that drop out, each with the reason in words.

    Args:
        standings: of those in the race, in the order of preference among equals; all on the same problems.
        keep: how many may stay at most.
    """
    order = sorted(standings, key=lambda name: (-standings[name].share, standings[name].cost))
    best, out = order[0], {}
    for name in order[1:]:
        value, low, high = difference(standings[best], standings[name])
        if high < 0:
            out[name] = f"behind {best} by {-100 * value:.0f} points ({-100 * high:.0f} to {-100 * low:.0f})"
    # Those that change nothing would fill the places of one that may pull ahead.
    for place, name in enumerate(order):
        twins = (other for other in order[:place] if standings[other].solved == standings[name].solved)
        if name not in out and (twin := next(twins, None)):
            out[name] = f"the results of {twin}, for no less"
    left = [name for name in order if name not in out]
    for place, name in enumerate(left[keep:], keep + 1):
        out[name] = f"in place {place} of {len(left)} that were left"
    return out


def difference(first: Standing, second: Standing) -> tuple[float, float, float]:
    """Second minus first on the problems that both have: the mean, and the ends of its one-sided 90 % intervals."""
    names: Sequence[str] = [name for name in first.solved if name in second.solved]
    return difference_estimate(
        [first.solved[name] for name in names], [second.solved[name] for name in names], level=LEVEL
    )
