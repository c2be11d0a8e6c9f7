"""AlphaCode's n@k inside a rollout: it samples k programs, submits n, and solves the problem if one of them is right
(Li et al., arXiv 2203.07814, section 4)."""

from __future__ import annotations

from collections.abc import Iterable

from eval.numbers.criteria import judged_by_problem, shares
from eval.numbers.intervals import Estimate, mean_share
from eval.rollouts.rollout import Rollout


def solved_by_picks(rollouts: Iterable[Rollout]) -> list[Estimate]:
    """The share of problems that one of the first 1, 2, … submitted programs solves; empty if no rollout submits
    several. A rollout with fewer programs submits all of them."""
    samples = judged_by_problem(rollouts)
    most = max((len(rollout.picks) for each in samples.values() for rollout in each), default=0)
    if most < 2:
        return []
    found = []
    for n in range(1, most + 1):
        # A rollout without picks had no program.
        done = {name: [any(pick.solved for pick in each.picks[:n]) for each in own] for name, own in samples.items()}
        found.append(mean_share(list(shares(done).values())))
    return found
