"""An LM that asks the ledger first: what was answered once is not paid for again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import Any

import dspy
from dspy.lm15 import Request, Response

from optimize.paid.paid_calls import Answer, PaidCalls
from program.models.prices import price_of
from program.rollout.trace import Totals
from program.undocumented import CHARGED, DrawingLM, asked_for_another, number, rollout_id


def paid_lm(lm: dspy.LM, paid: PaidCalls, **settings: Any) -> dspy.LM:
    """An LM that answers as `lm` does, whose requests pass `paid`; DSPy's cache is not asked, nor is a failed request
    sent again.

    Args:
        lm: is sent what is not known yet.
        paid: of the compilation.
        settings: of every request.
    """
    return DrawingLM(lm.model, engine=LedgerEngine(lm, paid), cache=False, num_retries=0).copy(**settings)


class LedgerEngine:
    """An engine for `dspy.LM(engine=…)`; answers from the ledger or, where that knows none, by `lm`.

    Attributes:
        asks: that LM.
    """

    def __init__(self, lm: dspy.LM, paid: PaidCalls) -> None:
        self.asks = lm
        self._paid = paid
        self.supports_response_schema = lm.supports_response_schema
        self.supports_function_calling = lm.supports_function_calling
        self.supports_reasoning = lm.supports_reasoning
        self.supported_params = frozenset(lm.supported_params)

    def complete(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            Halted: no call may be made.
            LMError: the LM was asked and gave no answer.
        """
        asked = json.dumps([asdict(request), rollout_id(), number()], sort_keys=True)
        return self._paid.answer(hashlib.sha256(asked.encode()).hexdigest(), request.model, lambda: self._ask(request))

    def close(self) -> None:
        """Nothing is held."""

    def __deepcopy__(self, memo: dict[int, Any]) -> LedgerEngine:
        """Itself: a copied LM pays from the same budget."""
        return self

    def _ask(self, request: Request) -> Answer:
        with asked_for_another(self.asks) as (lm, notes):
            response = lm(request, cache=False, rollout_id=rollout_id())
        (note,) = notes
        price, dollars = price_of(request.model), note.dollars
        if dollars is None and price is not None:
            dollars = price.dollars(note.prompt_tokens, note.completion_tokens)
        paid = Totals(
            calls=1,
            prompt_tokens=note.prompt_tokens,
            cached_tokens=note.cached_tokens,
            completion_tokens=note.completion_tokens,
            dollars=dollars,
        )
        # The count of tokens that DSPy makes of a provider's; it does not know who is behind an engine.
        usage = replace(response.usage, input_tokens=note.prompt_tokens, output_tokens=note.completion_tokens)
        return replace(response, usage=usage, provider_data={**(response.provider_data or {}), CHARGED: dollars}), paid
