"""What a model charges, by the price map that DSPy prices calls with."""

from __future__ import annotations

import os
from functools import cache
from typing import NamedTuple


class Price(NamedTuple):
    """Dollars a token."""

    prompt: float
    completion: float

    def dollars(self, prompt_tokens: float, completion_tokens: float) -> float:
        return self.prompt * prompt_tokens + self.completion * completion_tokens


@cache
def price_of(model: str) -> Price | None:
    """The price of `model`, a DSPy model string; None where the map has none (local models, servers of one's own)."""
    from dspy.clients.model_metadata import model_info, rate

    # The map is part of the package; fetching a newer one would stall every start without a network.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "true")
    provider, _, name = model.partition("/")
    info = model_info(provider, name)
    prompt, completion = rate(info, "input_cost_per_token"), rate(info, "output_cost_per_token")
    return None if prompt is None or completion is None else Price(prompt, completion)
