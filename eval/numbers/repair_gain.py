"""What each further fix brings: solved after 0, 1, 2, … calls of the repair stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eval.numbers.criteria import judged_by_problem
from eval.numbers.intervals import Estimate, difference_estimate, mean_share
from eval.rollouts.rollout import Rollout


@dataclass(frozen=True)
class AfterFixes:
    """Had every rollout ended after at most so many fixes.

    rollouts: that made at least so many.
    solved: share of problems, a mean over their samples.
    gain: against one fix fewer, paired by problem; None for the first line.
    """

    fixes: int
    rollouts: int
    solved: Estimate
    gain: Estimate | None


def solved_after_fixes(rollouts: Iterable[Rollout]) -> list[AfterFixes]:
    """One line for each number of fixes, from 0 to the most any rollout made; empty where no checkpoints are stored."""
    problems = judged_by_problem(rollouts)
    everything = [sample for samples in problems.values() for sample in samples]
    if not any(sample.checkpoints for sample in everything):
        return []
    lines: list[AfterFixes] = []
    before: list[float] = []
    for fixes in range(max(sample.fixes for sample in everything) + 1):
        now = [sum(solved_by(each, fixes) for each in samples) / len(samples) for samples in problems.values()]
        made = sum(sample.fixes >= fixes for sample in everything)
        gain = difference_estimate(before, now) if before else None
        lines.append(AfterFixes(fixes, made, mean_share(now), gain))
        before = now
    return lines


def solved_by(rollout: Rollout, fixes: int) -> bool:
    """Whether what the rollout held best after at most so many fixes solves the problem."""
    held = [each for each in rollout.checkpoints if each.fixes <= fixes]
    return bool(held) and held[-1].solved
