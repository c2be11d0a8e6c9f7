"""A `dspy.LM` that hands its engine what DSPy keeps from it: which draw a request asks for."""

from __future__ import annotations

from contextvars import ContextVar
from itertools import count
from typing import Any

import dspy

_drawn: ContextVar[tuple[int | None, count[int]]] = ContextVar("drawn")


class DrawingLM(dspy.LM):
    """Its engine may ask `rollout_id` and `number` while it answers a request."""

    def __call__(self, prompt: Any = None, *, messages: Any = None, **settings: Any) -> Any:
        token = _drawn.set((settings.get("rollout_id", self.kwargs.get("rollout_id")), count()))
        try:
            return super().__call__(prompt, messages=messages, **settings)
        finally:
            _drawn.reset(token)


def rollout_id() -> int | None:
    """Tells apart requests that are equal otherwise; DSPy takes it out of what an engine gets."""
    return _drawn.get((None, count()))[0]


def number() -> int:
    """How many answers were asked for before this one in the same call of the LM, where it asks for `n`."""
    return next(_drawn.get((None, count()))[1])
