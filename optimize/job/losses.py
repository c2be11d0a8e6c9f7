"""Rollouts that infrastructure has lost: a few do no harm, with more the result would be about that."""

from __future__ import annotations

from collections.abc import Sequence

from eval.rollouts.rollout import Rollout
from program.errors import ModelError

MAX_LOST = 0.02  # of the rollouts


def refuse_losses(rollouts: Sequence[Rollout]) -> None:
    """Refuse to go on from rollouts of which too many were not judged.

    Raises:
        ModelError: the same command tries them again.
    """
    lost = [rollout for rollout in rollouts if rollout.status == "not judged"]
    if len(lost) > MAX_LOST * len(rollouts):
        raise ModelError(
            f"{len(lost)} of {len(rollouts)} rollouts were not judged ({lost[0].error}); start again to go on"
        )
