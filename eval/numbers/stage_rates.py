"""How often each stage of a flow failed, and what happened to answers that could not be read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eval.numbers.intervals import Estimate, share_by_problem
from eval.rollouts.rollout import Rollout
from program.rollout.decisions import StageGivenUp
from program.rollout.trace import Call, Outcome

READ = AT_ONCE, WITH_TOLERANCE, SECOND_CALL = ("read at once", "read with tolerance", "read after another call")
# Unusable answers, by their outcome.
READINGS: dict[Outcome, str] = {
    "cut": "cut off",
    "cut while thinking": "cut off while thinking",
    "endless": "ran in circles",
    "empty": "empty",
    "refused": "refused",
    "stub": "without a body",
    "filtered": "held back",
    "unparsable": "not readable",
}


@dataclass(frozen=True)
class StageRates:
    """One stage over all rollouts of an arm; a repair is a call that shows an unreadable answer and asks again.

    calls: including repairs and repeats.
    failed: share of the stage's runs that ended without an answer.
    unread: share of its calls with an unusable answer.
    mended: share of its repair calls with a readable answer; None if there were none.
    lost: calls without an answer.
    salvaged: answers that were read only with tolerance.
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
    """One entry per stage, in order of first appearance. Lost rollouts count too, because they show failures."""
    counts: dict[str, dict[str, Counter[str]]] = {}  # stage → what → problem → how often
    for rollout in rollouts:
        for call in rollout.trace.calls:
            at = counts.setdefault(call.stage, defaultdict(Counter))
            at["calls"][rollout.problem] += 1
            at["unread"][rollout.problem] += call.unread
            at["ended"][rollout.problem] += call.outcome == "ok"
            at["lost"][rollout.problem] += not call.came
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
        failed=share_by_problem(at["given up"], at["ended"]),
        unread=share_by_problem(at["unread"], at["calls"]),
        mended=share_by_problem(at["mended"], at["repairs"]) if at["repairs"].total() else None,
        lost=at["lost"].total(),
        salvaged=at["salvaged"].total(),
        retries=at["retries"].total(),
    )


def reading_of(call: Call) -> str:
    """How the answer of a call was read, in words; empty if there was no answer."""
    if call.outcome == "lm_error":
        return ""
    if call.outcome != "ok":
        return READINGS[call.outcome]
    if call.attempt > 1 or call.repair:
        return SECOND_CALL
    return WITH_TOLERANCE if call.salvaged else AT_ONCE


def reading_rates(rollouts: Iterable[Rollout]) -> tuple[int, dict[str, Estimate]]:
    """The number of answers, and the share read at once, read only with tolerance, read after a second call, and
    unusable by reason (only reasons that occur)."""
    counts: dict[str, Counter[str]] = {each: Counter() for each in READ}
    of: Counter[str] = Counter()
    for rollout in rollouts:
        for call in rollout.trace.calls:
            if reading := reading_of(call):
                counts.setdefault(reading, Counter())[rollout.problem] += 1
                of[rollout.problem] += 1
    return of.total(), {
        each: share_by_problem(counts[each], of) for each in (*READ, *READINGS.values()) if each in counts
    }
