"""Rollouts lost to infrastructure: a few are harmless; more would distort the result."""

from __future__ import annotations

from collections.abc import Sequence

from eval.rollouts.rollout import Rollout
from program.errors import ModelError

MAX_LOST = 0.02  # of the rollouts


def refuse_losses(rollouts: Sequence[Rollout]) -> None:
    """Refuse to continue if too many rollouts were not judged.

    Raises:
        ModelError: too many were not judged; the same command retries them.
    """
    lost = [rollout for rollout in rollouts if rollout.status == "not judged"]
    if len(lost) > MAX_LOST * len(rollouts):
        raise ModelError(
            f"{len(lost)} of {len(rollouts)} rollouts were not judged ({lost[0].error}); the same command retries them"
        )
