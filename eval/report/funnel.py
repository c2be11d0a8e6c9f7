"""Where rollouts and answers are lost on the way to a solved problem, as counts for the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from eval.numbers.program_origins import solved_by_origin
from eval.numbers.stage_rates import AT_ONCE, SECOND_CALL, WITH_TOLERANCE, reading_of
from eval.rollouts.rollout import Rollout
from program.rollout.decisions import StageGivenUp
from program.rollout.trace import ORIGINS

NOT_ANSWERED, UNREAD, CUT = "no answer", "not readable", "cut off"
# The outcomes of a call, in the order in which the page draws them.
FATES = (AT_ONCE, WITH_TOLERANCE, SECOND_CALL, CUT, UNREAD, NOT_ANSWERED)
_CUTS = ("cut", "cut while thinking", "endless")


def funnel(rollouts: Sequence[Rollout]) -> dict[str, Any]:
    """The outcomes of the rollouts and calls of one arm.

    steps: numbers of rollouts that were judged, gave a program, pass the public tests, are solved.
    origins: [origin of a program, rollouts with such a program, share of problems first solved by one].
    stages: [stage, calls by each of `FATES`, how often the stage was given up], in order of first appearance.
    """
    judged = [each for each in rollouts if each.score is not None]
    passed = [each for each in judged if each.score and each.score.public.passed == each.score.public.total]
    written = [each for each in judged if each.code.strip()]
    solved = sum(each.status == "solved" for each in judged)
    return {
        "steps": [len(judged), len(written), sum(bool(each.code.strip()) for each in passed), solved],
        "origins": [[ORIGINS[each.origin], each.rollouts, each.solved.value] for each in solved_by_origin(rollouts)],
        "stages": _stages(rollouts),
    }


def _stages(rollouts: Sequence[Rollout]) -> list[list[Any]]:
    calls: dict[str, Counter[str]] = {}
    given_up: Counter[str] = Counter()
    for rollout in rollouts:
        for call in rollout.trace.calls:
            fate = CUT if call.outcome in _CUTS else reading_of(call) or NOT_ANSWERED
            calls.setdefault(call.stage, Counter())[fate if fate in FATES else UNREAD] += 1
        for each in rollout.trace.decisions:
            if isinstance(each, StageGivenUp):
                calls.setdefault(each.stage, Counter())
                given_up[each.stage] += 1
    return [[stage, [found[fate] for fate in FATES], given_up[stage]] for stage, found in calls.items()]
