"""What a model charges, by the price map that DSPy prices calls with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

LOCAL_MAP = "LITELLM_LOCAL_MODEL_COST_MAP"


class Price(NamedTuple):
    """Dollars a token."""

    prompt: float
    completion: float

    def dollars(self, prompt_tokens: float, completion_tokens: float) -> float:
        return self.prompt * prompt_tokens + self.completion * completion_tokens


@cache
def price_of(model: str) -> Price | None:
    """The price of `model`, a DSPy model string; None where the map has none (local models, servers of one's own)."""
    from program.undocumented import rates_of  # commands show their options without DSPy

    with packaged_prices():
        rates = rates_of(model)
    return None if rates is None else Price(*rates)


@contextmanager
def packaged_prices() -> Iterator[None]:
    """Inside of the block prices are read from the map in the package, unless the environment says otherwise: to fetch
    a newer one would stall every start without a network."""
    if LOCAL_MAP in os.environ:
        yield
        return
    os.environ[LOCAL_MAP] = "true"
    try:
        yield
    finally:
        os.environ.pop(LOCAL_MAP, None)
