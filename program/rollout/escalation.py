"""A stronger model for problems that look hard: later rounds of a flow use it where one is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dspy

from program.rollout.context import context


@contextmanager
def model_of(turn: int) -> Iterator[None]:
    """The model of round `turn`: the first round has the usual one."""
    lm = context().stronger
    if turn == 0 or lm is None:
        yield
        return
    with dspy.context(lm=lm):
        yield
