"""Rollouts without a verdict. A few that an outage lost are harmless; more would distort the result. A rollout whose
prompts the server refuses (too long, a content filter) counts as unsolved: whoever uses the program gets no answer
there either, and no retry would help."""

from __future__ import annotations

from collections.abc import Sequence

from eval.data.problem_set import ProblemSet
from eval.rollouts.rollout import Rollout
from eval.rollouts.score import score
from program.errors import ModelError

MAX_LOST = 0.02  # of the rollouts


def refuse_losses(rollouts: Sequence[Rollout]) -> None:
    """Refuse to continue if outages lost too many rollouts.

    Raises:
        ModelError: too many were not judged; the same command retries them.
    """
    lost = [rollout for rollout in rollouts if rollout.status == "not judged" and not rollout.is_refused]
    if len(lost) > MAX_LOST * len(rollouts):
        raise ModelError(
            f"{len(lost)} of {len(rollouts)} rollouts were not judged ({lost[0].error}); the same command retries them"
        )


def refusals_as_failures(rollouts: Sequence[Rollout], problems: ProblemSet) -> list[Rollout]:
    """The rollouts in the same order; those whose prompts the server refuses are judged by the program they had."""
    return [_judged(each, problems) if each.is_refused else each for each in rollouts]


def _judged(rollout: Rollout, problems: ProblemSet) -> Rollout:
    found = score(rollout.code, problems.problem(rollout.problem), problems)
    return rollout.model_copy(update={"status": "solved" if found.solved else "failed", "score": found})
