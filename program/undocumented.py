"""All that `program` takes for granted about DSPy and DSPy does not document; each is checked by a test of its own in
`tests/whole/test_dspy_contract.py`, so that an upgrade names what broke."""

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
from dspy.lm15 import OpenAIChatLM, RefusalPart, Response

CHARGED = "dollars"  # the key of `provider_data` under which an engine of ours says what an answer cost
CHAT_END = "completed"
_CHAT_HEADING = re.compile(r"^\[\[ ## (\w+) ## \]\]$", re.MULTILINE)


@dataclass(frozen=True)
class Noted:
    """What DSPy notes of one request to an LM. Token counts and dollars are the provider's.

    refusal: what the model said in the field for declining to answer; empty elsewhere.
    free: whether nothing was used, as the answer was known.
    counted: whether the provider says how many tokens were used.
    ended: why the answer ended: "stop", "length" at the token cap, "content_filter", …; empty where nobody says.
    thought: whether the answer came with thoughts, apart from the text or opened in it.
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

    @property
    def cut_off(self) -> bool:
        return self.ended == "length"


@contextmanager
def noting(lm: Any) -> Iterator[tuple[Any, list[Noted]]]:
    """A copy of `lm`, and the list that gets a note of each of its requests, also where history is switched off. Every
    other history gets what it would have got."""
    notes: list[Noted] = []
    if lm is None:  # DSPy says so better
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
    """As `noting`, for an LM that answers in the place of another: only that one's request is seen by callbacks,
    histories and DSPy's count of usage."""
    notes: list[Noted] = []
    # Assumed: this setting holds what `dspy.track_usage` counts with, and the LM asks whether it is there.
    with (
        dspy.context(callbacks=[], usage_tracker=None),
        _listening(lm, lambda entry: notes.append(_noted(entry, lm))) as asked,
    ):
        yield asked, notes


@contextmanager
def _listening(lm: Any, listener: Callable[[dict[str, Any]], None]) -> Iterator[Any]:
    # Assumed: an LM hands the entry of a request to its own `update_history`, once, in the thread that asked, before it
    # returns, and unless history is switched off; a copy shares everything else with its original.
    asked = lm.copy()
    asked.update_history = listener
    with dspy.context(disable_history=False):
        yield asked


@contextmanager
def noting_predictor(predict: dspy.Predict) -> Iterator[tuple[Callable[..., dspy.Prediction], list[Noted]]]:
    """`predict` as a function, and the list that gets a note of each of its requests."""
    # Assumed: a predictor asks its own LM, else that of the settings, and in place of both the one of the call.
    with noting(predict.lm or dspy.settings.lm) as (lm, notes):
        yield partial(predict, lm=lm), notes


def _noted(entry: dict[str, Any], lm: Any) -> Noted:
    # Assumed: the keys of an entry; that usage is empty where a cache answered, and where the server counts nothing;
    # that a response says how it ended, or each of its choices does, as LiteLLM's do; where a refusal stands; that
    # lm15's response is kept as it came.
    usage, response = entry["usage"], entry["response"]
    dollars = entry["cost"]
    if dollars is None:
        dollars = (getattr(response, "provider_data", None) or {}).get(CHARGED)
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
        counted=bool(usage),
        thought=bool((usage.get("completion_tokens_details") or {}).get("reasoning_tokens"))
        or any(isinstance(each, dict) and each.get("reasoning_content") for each in entry["outputs"])
        or any("</think>" in str(each) or "<think>" in str(each) for each in entry["outputs"]),
        ended=next(filter(None, endings), ""),
        refusal=next(filter(None, refusals), ""),
    )


_drawn: ContextVar[tuple[int | None, count[int]]] = ContextVar("drawn")


class DrawingLM(dspy.LM):
    """An LM that hands its engine what DSPy keeps from it: which draw a request asks for (`rollout_id`, `number`)."""

    # Assumed: every request comes in here, with the rollout among its settings or those of the LM; and `n` answers are
    # asked of an engine one by one, before this returns.
    def __call__(self, prompt: Any = None, *, messages: Any = None, **settings: Any) -> Any:
        token = _drawn.set((settings.get("rollout_id", self.kwargs.get("rollout_id")), count()))
        try:
            return super().__call__(prompt, messages=messages, **settings)
        finally:
            _drawn.reset(token)


def rollout_id() -> int | None:
    """Of the request that is being answered: tells it apart from requests that are equal otherwise."""
    return _drawn.get((None, count()))[0]


def number() -> int:
    """How many answers were asked for before this one in the same call of the LM, where it asks for `n`."""
    return next(_drawn.get((None, count()))[1])


def rates_of(model: str) -> tuple[float, float] | None:
    """Dollars a token, of the prompt and of the answer, by the map that DSPy prices calls with; None where it is not
    there."""
    # Assumed: the map's module, its two functions and its keys.
    from dspy.clients.model_metadata import model_info, rate

    provider, _, name = model.partition("/")
    info = model_info(provider, name)
    prompt, completion = rate(info, "input_cost_per_token"), rate(info, "output_cost_per_token")
    return None if prompt is None or completion is None else (prompt, completion)


class ModelFacts(NamedTuple):
    """What the map that DSPy prices calls with says of a model; None where it says nothing.

    max_output: tokens, the most an answer can have.
    reasons: whether the model can think before it answers.
    """

    max_output: int | None
    reasons: bool | None


def facts_of(model: str) -> ModelFacts:
    """The facts about a DSPy model string."""
    # Assumed: the map's module, its function and its keys.
    from dspy.clients.model_metadata import model_info

    provider, _, name = model.partition("/")
    info = model_info(provider, name)
    most, reasons = info.get("max_output_tokens"), info.get("supports_reasoning")
    return ModelFacts(int(most) if most else None, bool(reasons) if info else None)


def engine_of(lm: Any) -> Any:
    """The engine that a `dspy.LM` was given; None where DSPy chooses one."""
    # Assumed: it is kept under this name, which is a text where DSPy chooses.
    engine = getattr(lm, "_engine_spec", None)
    return None if isinstance(engine, str) else engine


def address_of(lm: Any) -> str:
    """Where an LM asks its model; empty for where DSPy thinks its provider is."""
    # Assumed: an LM keeps the providers that were declared when it was made, with their addresses.
    declared = next((each for each in getattr(lm, "_providers", ()) if each.id == lm.model.partition("/")[0]), None)
    settings = getattr(lm, "kwargs", {})
    own = settings.get("api_base") or settings.get("base_url")
    return own or (declared.definition.access.base_url if declared else "")


def ask_as(lm: Any, other: Any) -> None:
    """From now on `lm` reaches its provider as `other` does, which names the same model."""
    # Assumed: these two decide how a request is sent, and are asked at each.
    lm._providers, lm._engine_store = other._providers, other._engine_store


def wait_asked_for(fault: BaseException) -> float | None:
    """Seconds after which the provider wants to be asked again; None where it does not say."""
    # Assumed: DSPy reads the header of its own engine's replies; LiteLLM keeps it at an error, or at what that was
    # raised from, under one of these names.
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
    """Inside of the block servers that speak OpenAI's protocol are heard whatever form their errors have: DSPy drops
    the words of those it does not know.

    Args:
        in_openai_form: makes OpenAI's form out of status and body.
        is_error: whether the body of a success is an error.
    """
    # Assumed: this class reads the replies of every such server, by these two methods.
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


def stored_response(response: Response) -> str:
    """A response of an engine as a text, with what it charged; `response_of` gives it back."""
    # Assumed: the module and its two functions, which leave out nothing but `provider_data`.
    from dspy._vendor.lm15 import serde

    return json.dumps([serde.response_to_dict(response), (response.provider_data or {}).get(CHARGED)])


def response_of(stored: str) -> Response:
    """The response that `stored_response` made a text of."""
    from dspy._vendor.lm15 import serde

    response, dollars = json.loads(stored)
    return replace(serde.response_from_dict(response), provider_data={CHARGED: dollars})


@contextmanager
def trace_apart() -> Iterator[list[Any]]:
    """What predictors enter into DSPy's trace inside of the block goes into the list instead; nothing does where no one
    traces. `extend_trace` enters it."""
    # Assumed: the trace is a list in this setting, and None where no one traces.
    if dspy.settings.trace is None:
        yield []
        return
    with dspy.context(trace=[]):
        yield dspy.settings.trace


def extend_trace(entries: list[Any]) -> None:
    """Enter what `trace_apart` has collected, in its order."""
    if dspy.settings.trace is not None:
        dspy.settings.trace.extend(entries)


def extras_of(field: Any) -> dict[str, Any]:
    """What the signature says of one of its fields in addition to the type: `desc`, and what else it was given."""
    return field.json_schema_extra or {}


def called_as_chat(adapter: dspy.JSONAdapter, *call: Any) -> list[dict[str, Any]]:
    """A call of DSPy's JSON adapter without the schema it would ask for."""
    # Assumed: that is all it adds to the call of the chat adapter, from which it inherits.
    return dspy.ChatAdapter.__call__(adapter, *call)


async def acalled_as_chat(adapter: dspy.JSONAdapter, *call: Any) -> list[dict[str, Any]]:
    """As `called_as_chat`, asynchronously."""
    return await dspy.ChatAdapter.acall(adapter, *call)


def chat_fields(answer: str) -> tuple[str, dict[str, str]]:
    """The text before the first field of an answer to DSPy's chat adapter, and the fields, of which the last is named
    `CHAT_END` and empty."""
    before, *parts = _CHAT_HEADING.split(answer.strip())
    return before, dict(zip(parts[::2], parts[1::2], strict=True))
