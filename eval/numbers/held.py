"""What a rollout held best at each moment, at what cost, and how good that looks on the public tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eval.numbers.selection import public_share
from eval.rollouts.rollout import Checkpoint, Rollout
from program.rollout.trace import name_of

Unit = Literal["calls", "tokens", "dollars", "seconds"]
UNITS: tuple[Unit, ...] = ("calls", "tokens", "dollars", "seconds")


@dataclass(frozen=True)
class Held:
    """One rollout.

    steps: spent so far, share of public tests that the program passes which is held from then on, whether it solves the
        problem.
    cost: of the whole rollout.
    """

    steps: tuple[tuple[float, float, bool], ...]
    cost: float


def held_by(rollout: Rollout, unit: Unit) -> Held | None:
    """What a judged rollout held, by this unit of cost; None where the cost is not known."""
    assert rollout.score is not None
    cost = cost_of(rollout, unit)
    if cost is None:
        return None
    public, answer = rollout.score.public, name_of(rollout.code)
    at_the_end = public.passed / public.total if public.total else 1.0
    if not rollout.checkpoints:  # no program, or a run of before there were checkpoints: the end is all that is known
        return Held(((cost, at_the_end, rollout.score.solved),) if rollout.code else (), cost)
    events = rollout.trace.events
    steps = []
    for point in rollout.checkpoints:
        spent = _spent_at(point, unit)
        if spent is None:
            return None
        share = at_the_end if point.program == answer else public_share(events, point.program, public.total)
        steps.append((spent, share, point.solved))
    return Held(tuple(steps), cost)


def cost_of(rollout: Rollout, unit: Unit) -> float | None:
    """What the whole rollout cost; None where that is not known."""
    if not rollout.cost_known:
        return None
    totals = rollout.totals
    match unit:
        case "calls":
            return totals.calls
        case "tokens":
            return totals.prompt_tokens + totals.completion_tokens
        case "dollars":
            return totals.dollars
        case "seconds":
            return rollout.seconds


def _spent_at(point: Checkpoint, unit: Unit) -> float | None:
    match unit:
        case "calls":
            return point.calls
        case "tokens":
            return point.tokens
        case "dollars":
            return point.dollars
        case "seconds":
            return point.seconds
