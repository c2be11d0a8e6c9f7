"""A stronger model for problems that look hard: later rounds of a flow use it where one is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import dspy

_stronger: ContextVar[dspy.LM | None] = ContextVar("stronger", default=None)


@contextmanager
def escalate_to(lm: dspy.LM | None) -> Iterator[None]:
    """Inside of the block later rounds ask `lm`."""
    token = _stronger.set(lm)
    try:
        yield
    finally:
        _stronger.reset(token)


@contextmanager
def model_of(turn: int) -> Iterator[None]:
    """The model of round `turn`: the first round has the usual one."""
    lm = _stronger.get()
    if turn == 0 or lm is None:
        yield
        return
    with dspy.context(lm=lm):
        yield
