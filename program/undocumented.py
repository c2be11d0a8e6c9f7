"""All that `program` takes for granted about DSPy and DSPy does not document; each is checked by a test of its own in
`tests/whole/test_dspy_contract.py`, so that an upgrade names what broke."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dspy

CHARGED = "dollars"  # the key of `provider_data` under which an engine of ours says what an answer cost


@dataclass(frozen=True)
class Noted:
    """What DSPy notes of one request to an LM. Token counts and dollars are the provider's.

    free: whether nothing was used, as the answer was known.
    cut_off: whether the answer ended at the token cap.
    """

    model: str
    messages: list[dict[str, Any]]
    outputs: list[Any]
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    dollars: float | None
    free: bool
    cut_off: bool


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
        notes.append(_noted(entry))
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
        _listening(lm, lambda entry: notes.append(_noted(entry))) as asked,
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


def _noted(entry: dict[str, Any]) -> Noted:
    # Assumed: the keys of an entry; that usage is empty where a cache answered; that a response says how it ended, or
    # each of its choices does, as LiteLLM's do; that an lm15 response is kept as the engine gave it.
    usage, response = entry["usage"], entry["response"]
    dollars = entry["cost"]
    if dollars is None:
        dollars = (getattr(response, "provider_data", None) or {}).get(CHARGED)
    endings = [response, *(getattr(response, "choices", None) or [])]
    return Noted(
        model=entry["model"],
        messages=entry["messages"],
        outputs=entry["outputs"],
        prompt_tokens=usage.get("prompt_tokens") or 0,
        cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0,
        completion_tokens=usage.get("completion_tokens") or 0,
        dollars=dollars,
        free=not usage,
        cut_off=any(getattr(each, "finish_reason", None) == "length" for each in endings),
    )


def rates_of(model: str) -> tuple[float, float] | None:
    """Dollars a token, of the prompt and of the answer, by the map that DSPy prices calls with; None where it is not
    there."""
    # Assumed: the map's module, its two functions and its keys.
    from dspy.clients.model_metadata import model_info, rate

    provider, _, name = model.partition("/")
    info = model_info(provider, name)
    prompt, completion = rate(info, "input_cost_per_token"), rate(info, "output_cost_per_token")
    return None if prompt is None or completion is None else (prompt, completion)
