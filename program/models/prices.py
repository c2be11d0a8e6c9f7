"""The price of a model, from DSPy's price map."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

LOCAL_MAP = "LITELLM_LOCAL_MODEL_COST_MAP"


class Price(NamedTuple):
    """Dollars per token."""

    prompt: float
    completion: float

    def dollars(self, prompt_tokens: float, completion_tokens: float) -> float:
        return self.prompt * prompt_tokens + self.completion * completion_tokens


@cache
def price_of(model: str) -> Price | None:
    """The price of `model`, a DSPy model string; None if it is not in the map (local models, self-hosted servers)."""
    from program.undocumented import rates_of  # imported here so that --help does not need DSPy

    with packaged_prices():
        rates = rates_of(model)
    return None if rates is None else Price(*rates)


@contextmanager
def packaged_prices() -> Iterator[None]:
    """Inside the block, read prices from the map in the package, unless the environment says otherwise. Downloading a
    newer map would delay every start without a network."""
    if LOCAL_MAP in os.environ:
        yield
        return
    os.environ[LOCAL_MAP] = "true"
    try:
        yield
    finally:
        os.environ.pop(LOCAL_MAP, None)
