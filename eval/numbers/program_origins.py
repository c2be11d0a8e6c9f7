"""Which kind of program solved the problems: the first, a further one, a redraw, a fix, brute force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eval.numbers.criteria import judged_by_problem
from eval.numbers.intervals import Estimate, mean_estimate, mean_share
from eval.rollouts.rollout import Rollout
from program.rollout.trace import ORIGINS, Origin


@dataclass(frozen=True)
class FromOrigin:
    """Programs of one origin over all judged rollouts of an arm.

    rollouts: those with at least one such program.
    calls: up to the first such program of a rollout, including its own; mean over the problems that had one.
    solved: share of problems, averaged over samples, that end solved and were first solved by such a program. The
        shares of all origins add up to the solved rate.
    """

    origin: Origin
    rollouts: int
    calls: Estimate
    solved: Estimate


def solved_by_origin(rollouts: Iterable[Rollout]) -> list[FromOrigin]:
    """One entry per origin, in the order of `ORIGINS`; empty if the rollouts do not store origins, or if it is unknown
    for a solved rollout which program solved it (a run that was judged again without its traces)."""
    problems = judged_by_problem(rollouts)
    if any(each.status == "solved" and not each.checkpoints for own in problems.values() for each in own):
        return []
    found = []
    for origin in ORIGINS:
        calls = [
            [n for n in (_calls_before(each, origin) for each in own) if n is not None] for own in problems.values()
        ]
        solved = [sum(_solver(each) == origin for each in own) / len(own) for own in problems.values()]
        if any(calls):
            mean_calls = mean_estimate([sum(own) / len(own) for own in calls if own])
            found.append(FromOrigin(origin, sum(map(len, calls)), mean_calls, mean_share(solved)))
    return found


def _calls_before(rollout: Rollout, origin: Origin) -> int | None:
    """Calls up to the first program of this origin; None if there is none."""
    return next((each.calls for each in rollout.trace.programs.values() if each.origin == origin), None)


def _solver(rollout: Rollout) -> Origin | None:
    """The origin of the first best program of a solved rollout that solves the problem."""
    first = next((each.program for each in rollout.checkpoints if each.solved), None)
    found = rollout.trace.programs.get(first) if first else None
    return found.origin if found and rollout.status == "solved" else None
