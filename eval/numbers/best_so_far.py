"""The best program of a rollout at each moment, with its cost and its result on the public tests."""

from __future__ import annotations

from dataclasses import dataclass

from eval.numbers.cost import Unit, cost_of
from eval.numbers.selection import public_share
from eval.rollouts.rollout import Rollout
from program.rollout.trace import name_of


@dataclass(frozen=True)
class BestSoFar:
    """The best program of a rollout over time.

    steps: (cost so far, share of public tests that the new best program passes, whether it solves the problem).
    cost: of the whole rollout.
    """

    steps: tuple[tuple[float, float, bool], ...]
    cost: float


def best_so_far_of(rollout: Rollout, unit: Unit) -> BestSoFar | None:
    """The best program of a judged rollout over time, in this unit of cost; None if the cost is unknown."""
    assert rollout.score is not None
    cost = cost_of(rollout, unit)
    if cost is None:
        return None
    public, answer = rollout.score.public, name_of(rollout.code)
    at_the_end = public.passed / public.total if public.total else 1.0
    if not rollout.checkpoints:  # no program, or a run from before checkpoints: only the end is known
        return BestSoFar(((cost, at_the_end, rollout.score.solved),) if rollout.code else (), cost)
    events = rollout.trace.events
    steps = []
    for point in rollout.checkpoints:
        spent: float | None = getattr(point, unit)
        if spent is None:
            return None
        share = at_the_end if point.program == answer else public_share(events, point.program, public.total)
        steps.append((spent, share, point.solved))
    return BestSoFar(tuple(steps), cost)
