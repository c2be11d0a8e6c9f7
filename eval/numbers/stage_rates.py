"""How often each stage of a flow failed, and what became of answers that could not be read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eval.numbers.intervals import Estimate, share_estimate
from eval.rollouts.rollout import Rollout
from program.rollout.decisions import StageGivenUp


@dataclass(frozen=True)
class StageRates:
    """One stage over all rollouts of an arm; a repair is a call that shows an unreadable answer and asks again.

    calls: repairs and repeats included.
    failed: share of the stage's runs that ended without an answer.
    unread: share of its calls whose answer could not be read (unparsable or endless).
    mended: share of its repair calls whose answer could be read; None where there were none.
    lost: calls no answer came to.
    salvaged: answers read with tolerance only.
    retries: requests sent again before they were answered.
    """

    stage: str
    calls: int
    failed: Estimate
    unread: Estimate
    mended: Estimate | None
    lost: int
    salvaged: int
    retries: int


def stage_rates(rollouts: Iterable[Rollout]) -> list[StageRates]:
    """One line a stage, in the order in which stages first come up; lost rollouts count too, as they show failures."""
    counts: dict[str, dict[str, Counter[str]]] = {}  # stage → what → problem → how often
    for rollout in rollouts:
        for call in rollout.trace.calls:
            at = counts.setdefault(call.stage, defaultdict(Counter))
            at["calls"][rollout.problem] += 1
            at["unread"][rollout.problem] += call.outcome in ("unparsable", "endless")
            at["ended"][rollout.problem] += call.outcome == "ok"
            at["lost"][rollout.problem] += call.outcome == "lm_error"
            at["repairs"][rollout.problem] += call.repair
            at["mended"][rollout.problem] += call.repair and call.outcome == "ok"
            at["salvaged"][rollout.problem] += call.salvaged
            at["retries"][rollout.problem] += call.retries
        for each in rollout.trace.decisions:
            if not isinstance(each, StageGivenUp):
                continue
            at = counts.setdefault(each.stage, defaultdict(Counter))
            at["given up"][rollout.problem] += 1
            at["ended"][rollout.problem] += 1
    return [_rates(stage, at) for stage, at in counts.items()]


def _rates(stage: str, at: Mapping[str, Counter[str]]) -> StageRates:
    return StageRates(
        stage=stage,
        calls=at["calls"].total(),
        failed=_share(at["given up"], at["ended"]),
        unread=_share(at["unread"], at["calls"]),
        mended=_share(at["mended"], at["repairs"]) if at["repairs"].total() else None,
        lost=at["lost"].total(),
        salvaged=at["salvaged"].total(),
        retries=at["retries"].total(),
    )


def _share(some: Counter[str], of: Counter[str]) -> Estimate:
    problems = sorted(problem for problem in of if of[problem])
    return share_estimate([some[each] for each in problems], [of[each] for each in problems])
