"""All undocumented behaviour of DSPy that `program` relies on. Each assumption has a test in
`tests/whole/test_dspy_contract.py`, so that an upgrade shows what broke."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import dspy
from dspy.lm15 import OpenAIChatLM, RefusalPart, Response, ThinkingPart

CHARGED = "dollars"  # the key of `provider_data` where our engines report the cost of a response
TOOK = "seconds"  # and the seconds of an answer from the ledger
CHAT_END = "completed"
_CHAT_HEADING = re.compile(r"^\[\[ ## (\w+) ## \]\]$", re.MULTILINE)


@dataclass(frozen=True)
class Noted:
    """DSPy's record of one request to an LM. Token counts and dollars come from the provider.

    refusal: the text of the response's refusal field; empty if there is none.
    took: for an answer from the ledger, the seconds that it took when it was paid.
    free: whether nothing was used, because the response came from a cache.
    counted: whether the provider reported token counts.
    ended: the finish reason: "stop", "length" at the token cap, "content_filter", …; empty if unknown.
    thought: whether the response has reasoning, in a separate field or at the start of its text.
    """

    model: str
    messages: list[dict[str, Any]]
    outputs: list[Any]
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    dollars: float | None
    free: bool
    counted: bool
    thought: bool
    ended: str = ""
    refusal: str = ""
    took: float = 0.0

    @property
    def cut_off(self) -> bool:
        return self.ended == "length"

    @property
    def filtered(self) -> bool:
        """Whether the provider's filter ended or held back the answer."""
        return self.ended == "content_filter"


@contextmanager
def noting(lm: Any) -> Iterator[tuple[Any, list[Noted]]]:
    """A copy of `lm`, and a list that gets a `Noted` for each of its requests, even if history is disabled. All other
    histories are unchanged."""
    notes: list[Noted] = []
    if lm is None:  # DSPy raises the better error
        yield lm, notes
        return
    kept = not dspy.settings.disable_history

    def note(entry: dict[str, Any]) -> None:
        notes.append(_noted(entry, lm))
        if kept:
            lm.update_history(entry)

    with _listening(lm, note) as asked:
        yield asked, notes


@contextmanager
def asked_for_another(lm: Any) -> Iterator[tuple[Any, list[Noted]]]:
    """Like `noting`, for an LM that answers in place of another LM. Callbacks, histories and DSPy's usage count only
    see the request of the other LM."""
    notes: list[Noted] = []
    # Assumed: this setting is the tracker of `dspy.track_usage`, and the LM checks whether it is set.
    with (
        dspy.context(callbacks=[], usage_tracker=None),
        _listening(lm, lambda entry: notes.append(_noted(entry, lm))) as asked,
    ):
        yield asked, notes


@contextmanager
def _listening(lm: Any, listener: Callable[[dict[str, Any]], None]) -> Iterator[Any]:
    # Assumed: an LM passes the entry of each request to its own `update_history`, once, in the calling thread, before
    # it returns, and unless history is disabled; a copy shares everything else with its original.
    asked = lm.copy()
    asked.update_history = listener
    with dspy.context(disable_history=False):
        yield asked


@contextmanager
def noting_predictor(predict: dspy.Predict) -> Iterator[tuple[Callable[..., dspy.Prediction], list[Noted]]]:
    """`predict` as a function, and a list that gets a `Noted` for each of its requests."""
    # Assumed: a predictor uses the LM of the call, else its own, else the LM in the settings.
    with noting(predict.lm or dspy.settings.lm) as (lm, notes):
        yield partial(predict, lm=lm), notes


def _noted(entry: dict[str, Any], lm: Any) -> Noted:
    # Assumed: the keys of an entry; that usage is empty after a cache hit, and if the server counts nothing; that a
    # response has a finish reason, or each of its choices does, as with LiteLLM; the place of a refusal; that lm15's
    # response is stored unchanged.
    usage, response = entry["usage"], entry["response"]
    dollars = entry["cost"]
    reported = getattr(response, "provider_data", None) or {}
    if dollars is None:
        dollars = reported.get(CHARGED)
    choices = getattr(response, "choices", None) or []
    endings = [getattr(each, "finish_reason", None) for each in (*choices, response)]
    parts = getattr(getattr(response, "message", None), "parts", ())
    refusals = [part.text for part in parts if isinstance(part, RefusalPart)]
    refusals += [getattr(getattr(each, "message", None), "refusal", None) for each in choices]
    return Noted(
        model=entry["model"],
        messages=entry["messages"],
        outputs=entry["outputs"],
        prompt_tokens=usage.get("prompt_tokens") or 0,
        cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
        completion_tokens=usage.get("completion_tokens") or 0,
        dollars=dollars,
        free=not usage and (getattr(lm, "cache", False) or engine_of(lm) is not None),
        counted=bool(usage.get("prompt_tokens") or usage.get("completion_tokens")),
        thought=bool((usage.get("completion_tokens_details") or {}).get("reasoning_tokens"))
        or any(isinstance(each, dict) and each.get("reasoning_content") for each in entry["outputs"])
        or any("</think>" in str(each) or "<think>" in str(each) for each in entry["outputs"]),
        ended=next(filter(None, endings), ""),
        refusal=next(filter(None, refusals), ""),
        took=reported.get(TOOK) or 0.0,
    )


_drawn: ContextVar[tuple[int | None, count[int]]] = ContextVar("drawn")


class DrawingLM(dspy.LM):
    """An LM that passes its engine values that DSPy does not: `rollout_id` and `number` identify the draw."""

    # Assumed: every request comes through here, with the rollout id in its own settings or in those of the LM; and `n`
    # completions are requested from an engine one by one, before this returns.
    def __call__(self, prompt: Any = None, *, messages: Any = None, **settings: Any) -> Any:
        token = _drawn.set((settings.get("rollout_id", self.kwargs.get("rollout_id")), count()))
        try:
            return super().__call__(prompt, messages=messages, **settings)
        finally:
            _drawn.reset(token)


def rollout_id() -> int | None:
    """The rollout id of the current request. It distinguishes requests that are otherwise equal."""
    return _drawn.get((None, count()))[0]


def number() -> int:
    """The index of the current completion within one call of the LM that requests `n` completions."""
    return next(_drawn.get((None, count()))[1])


def rates_of(model: str) -> tuple[float, float] | None:
    """Dollars per token of the prompt and of the completion, from DSPy's price map; None if the model is not in it."""
    # Assumed: the module of the map, its two functions and its keys.
    from dspy.clients.model_metadata import model_info, rate

    provider, _, name = model.partition("/")
    info = model_info(provider, name)
    prompt, completion = rate(info, "input_cost_per_token"), rate(info, "output_cost_per_token")
    return None if prompt is None or completion is None else (prompt, completion)


class ModelFacts(NamedTuple):
    """What DSPy's price map contains about a model; None if it does not say.

    max_output: the maximum tokens of a completion.
    reasons: whether the model can reason before it answers.
    """

    max_output: int | None
    reasons: bool | None


def facts_of(model: str) -> ModelFacts:
    """The facts about a DSPy model string."""
    # Assumed: the module of the map, its function and its keys.
    from dspy.clients.model_metadata import model_info

    provider, _, name = model.partition("/")
    info = model_info(provider, name)
    most, reasons = info.get("max_output_tokens"), info.get("supports_reasoning")
    return ModelFacts(int(most) if most else None, bool(reasons) if info else None)


def engine_of(lm: Any) -> Any:
    """The engine passed to a `dspy.LM`; None if DSPy chooses one."""
    # Assumed: the engine is stored under this name, as a string if DSPy chooses it.
    engine = getattr(lm, "_engine_spec", None)
    return None if isinstance(engine, str) else engine


def address_of(lm: Any) -> str:
    """The address of an LM's provider; empty for DSPy's default address."""
    # Assumed: an LM stores the providers that were declared when it was made, with their addresses.
    declared = next((each for each in getattr(lm, "_providers", ()) if each.id == lm.model.partition("/")[0]), None)
    settings = getattr(lm, "kwargs", {})
    own = settings.get("api_base") or settings.get("base_url")
    return own or (declared.definition.access.base_url if declared else "")


def ask_as(lm: Any, other: Any) -> None:
    """Let `lm` use the provider of `other`, which must name the same model."""
    # Assumed: these two attributes decide how a request is sent, and are read for each request.
    lm._providers, lm._engine_store = other._providers, other._engine_store


def wait_asked_for(fault: BaseException) -> float | None:
    """The provider's retry-after time in seconds; None if it gives none."""
    # Assumed: DSPy reads the header from responses to its own engine; LiteLLM stores it on an exception, or on its
    # cause, under one of these names.
    seen: BaseException | None = fault
    while seen is not None:
        wait = getattr(seen, "retry_after", None)
        holders = (seen, getattr(seen, "response", None))
        headers = [
            getattr(seen, "litellm_response_headers", None),
            *(getattr(each, "headers", None) for each in holders),
        ]
        said = [wait, *(each.get("retry-after") for each in headers if each)]
        if (found := next((each for each in map(_seconds, said) if each is not None), None)) is not None:
            return found
        seen = seen.__cause__ or seen.__context__
    return None


def _seconds(said: Any) -> float | None:
    try:
        return max(0.0, float(said))
    except (TypeError, ValueError):
        pass
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (TypeError, ValueError, AttributeError):
        return None


@contextmanager
def error_bodies_read(in_openai_form: Callable[[int, str], str], is_error: Callable[[str], bool]) -> Iterator[None]:
    """Inside the block, error messages of OpenAI-compatible servers are read in any form. DSPy drops the messages of
    forms that it does not know.

    Args:
        in_openai_form: converts status and body to OpenAI's form.
        is_error: whether the body of a successful response is an error.
    """
    # Assumed: this class parses the responses of all such servers, with these two methods.
    kind: Any = OpenAIChatLM
    read_error, read_answer = kind.normalize_error, kind.parse_response

    def normalize_error(self: Any, status: int, body: str) -> Any:
        return read_error(self, status, in_openai_form(status, body))

    def parse_response(self: Any, request: Any, response: Any) -> Any:
        if is_error(response.text()):
            raise self._http_error(response)
        return read_answer(self, request, response)

    kind.normalize_error, kind.parse_response = normalize_error, parse_response
    try:
        yield
    finally:
        kind.normalize_error, kind.parse_response = read_error, read_answer


def says_more(response: Response) -> bool:
    """Whether a response without text has a thought or a refusal, so that another request would not be a retry of an
    empty answer."""
    return any(isinstance(part, RefusalPart | ThinkingPart) for part in response.message.parts)


def stored_response(response: Response, seconds: float) -> str:
    """An engine's response as text, with its cost and its seconds; `response_of` is the inverse."""
    # Assumed: the module and its two functions, which omit only `provider_data`.
    from dspy._vendor.lm15 import serde

    return json.dumps([serde.response_to_dict(response), (response.provider_data or {}).get(CHARGED), seconds])


def response_of(stored: str) -> Response:
    """The response from a text of `stored_response`."""
    from dspy._vendor.lm15 import serde

    response, dollars, *seconds = json.loads(stored)  # older ledgers have no seconds
    reported = {CHARGED: dollars, TOOK: seconds[0] if seconds else 0.0}
    return replace(serde.response_from_dict(response), provider_data=reported)


@contextmanager
def trace_apart() -> Iterator[list[Any]]:
    """Inside the block, collect the entries that predictors add to DSPy's trace in the returned list instead. Nothing
    is collected if tracing is off. `extend_trace` adds the entries to the trace."""
    # Assumed: the trace is a list in this setting, and None if tracing is off.
    if dspy.settings.trace is None:
        yield []
        return
    with dspy.context(trace=[]):
        yield dspy.settings.trace


def extend_trace(entries: list[Any]) -> None:
    """Add the entries that `trace_apart` collected to the trace, in order."""
    if dspy.settings.trace is not None:
        dspy.settings.trace.extend(entries)


def extras_of(field: Any) -> dict[str, Any]:
    """The settings of a signature's field besides the type: `desc` and others."""
    return field.json_schema_extra or {}


def called_as_chat(adapter: dspy.JSONAdapter, *call: Any) -> list[dict[str, Any]]:
    """Call DSPy's JSON adapter without the schema it would request."""
    # Assumed: the schema is all that it adds to the call of the chat adapter, its base class.
    return dspy.ChatAdapter.__call__(adapter, *call)


async def acalled_as_chat(adapter: dspy.JSONAdapter, *call: Any) -> list[dict[str, Any]]:
    """Like `called_as_chat`, asynchronous."""
    return await dspy.ChatAdapter.acall(adapter, *call)


def chat_fields(answer: str) -> tuple[str, dict[str, str]]:
    """The text before the first field in a response to DSPy's chat adapter, and the fields. The last field is named
    `CHAT_END` and is empty."""
    before, *parts = _CHAT_HEADING.split(answer.strip())
    return before, dict(zip(parts[::2], parts[1::2], strict=True))
