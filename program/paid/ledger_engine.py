"""An LM that looks for answers in the ledger first, so that no answer is paid for twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from typing import Any

import dspy
from dspy.lm15 import Request, Response

from program.models.open import Check
from program.models.prices import price_of
from program.models.start_check import check
from program.paid.paid_calls import Answer, PaidCalls
from program.rollout.context import Purpose, context, within
from program.rollout.trace import Totals
from program.undocumented import CHARGED, DrawingLM, asked_for_another, number, rollout_id

CHARACTERS_A_TOKEN = 2  # minimum for a prompt


def paid_lm(lm: dspy.LM, paid: PaidCalls, name: str = "", **settings: Any) -> dspy.LM:
    """An LM that answers as `lm` does, and makes its requests through `paid`. It does not use DSPy's cache, and does
    not retry.

    Args:
        lm: gets the requests without a stored answer.
        paid: the paid calls of the run or the compilation.
        name: the name of the requested model, which sets the price, even if a self-hosted server has the model.
        settings: settings for every request.
    """
    engine = LedgerEngine(lm, paid, name or lm.model)
    return DrawingLM(lm.model, engine=engine, cache=False, num_retries=0).copy(**settings)


def paid_check(paid: PaidCalls, name: str = "") -> Check:
    """A check of an LM that is paid like every call, and once for all sessions. If the number of calls is limited, no
    check is made: the first call of the work also shows whether the model answers.

    Args:
        paid, name: see `paid_lm`.
    """

    def paid_for(lm: dspy.LM) -> str:
        if paid.calls_limited:
            return ""
        with within(purpose=Purpose("check")):
            return check(paid_lm(lm, paid, name))

    return paid_for


class LedgerEngine:
    """An engine for `dspy.LM(engine=…)` that answers from the ledger, or with `lm` if the ledger has no answer.

    Attributes:
        asks: this LM.
    """

    def __init__(self, lm: dspy.LM, paid: PaidCalls, name: str) -> None:
        self.asks = lm
        self._paid = paid
        self._name = name
        self.supports_response_schema = lm.supports_response_schema
        self.supports_function_calling = lm.supports_function_calling
        self.supports_reasoning = lm.supports_reasoning
        self.supported_params = frozenset(lm.supported_params)

    def complete(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            Halted: no call may be made.
            LMError: the LM was called and gave no answer.
        """
        given = json.dumps(asdict(request), sort_keys=True)
        asked = json.dumps([given, rollout_id(), number(), context().draws])
        key = hashlib.sha256(asked.encode()).hexdigest()
        return self._paid.answer(key, request.model, self._most(request, given), lambda: self._ask(request))

    def close(self) -> None:
        """Nothing to close."""

    def __deepcopy__(self, memo: dict[int, Any]) -> LedgerEngine:
        """Return the engine itself: a copied LM pays from the same budget."""
        return self

    def _most(self, request: Request, given: str) -> Totals:
        """The maximum cost of a request."""
        tokens = len(given) // CHARACTERS_A_TOKEN, request.config.max_tokens or 0
        price = price_of(self._name)
        dollars = None if price is None else price.dollars(*tokens)
        return Totals(calls=1, prompt_tokens=tokens[0], completion_tokens=tokens[1], dollars=dollars)

    def _ask(self, request: Request) -> Answer:
        with asked_for_another(self.asks) as (lm, notes):
            response = lm(request, cache=False, rollout_id=rollout_id())
        (note,) = notes
        price, dollars, known = price_of(self._name), note.dollars, bool(note.prompt_tokens or note.completion_tokens)
        if dollars is None and price is not None and known:
            dollars = price.dollars(note.prompt_tokens, note.completion_tokens)
        paid = Totals(
            calls=1,
            prompt_tokens=note.prompt_tokens,
            cached_tokens=note.cached_tokens,
            completion_tokens=note.completion_tokens,
            tokens_known=known,
            dollars=dollars,
        )
        # Use DSPy's reading of the provider's token counts; the response of an engine does not have it.
        usage = replace(response.usage, input_tokens=note.prompt_tokens, output_tokens=note.completion_tokens)
        return replace(response, usage=usage, provider_data={**(response.provider_data or {}), CHARGED: dollars}), paid
