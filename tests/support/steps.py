"""Calls of stages as credit looks at them."""

from collections.abc import Callable
from typing import Any

from optimize.credit.credit import credit_of
from optimize.credit.evidence import Credit, Episode, Step


def step(stage: str, outputs: dict[str, Any], **inputs: Any) -> Step:
    return Step(stage, f"{stage}.predict", inputs, outputs)


def credit_by(episode: Callable[..., Episode]) -> Callable[..., Credit]:
    """The credit of the first of some calls, in the episode that `episode` makes of them; there must be one."""

    def credit(first: Step, *more: Step, **settings: Any) -> Credit:
        given = credit_of(first, episode(first, *more, **settings))
        assert given is not None
        return given

    return credit
