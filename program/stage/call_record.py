"""What is entered of one request to the LM, read from DSPy's history of it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any

import dspy
from dspy.clients.base_lm import GLOBAL_HISTORY
from pydantic import BaseModel

from program.rollout.trace import Call, Message

KEPT = 16  # entries of one call: its request, and what an adapter asks besides
_forgetting = threading.Lock()


class Recorder(dspy.Module):
    """Holds the history of exactly the calls made through it, whatever other threads do."""

    def forward(self, ask: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """What `ask` returns, called with these arguments.

        Costs and texts come from DSPy's history, so it is kept for this one call where it is switched off.
        """
        if not dspy.settings.disable_history and dspy.settings.max_history_size:
            return ask(**arguments)
        try:
            with dspy.context(disable_history=False, max_history_size=KEPT, caller_modules=[self]):
                return ask(**arguments)
        finally:
            _forget(self.history)


def _forget(entries: list[dict[str, Any]]) -> None:
    """Take what was entered for one call out of the histories that outlive it."""
    owners = [GLOBAL_HISTORY, *([dspy.settings.lm.history] if dspy.settings.lm else [])]
    with _forgetting:
        for owner in owners:
            for place in reversed(range(len(owner))):
                if any(owner[place] is entry for entry in entries):
                    del owner[place]


def fill(call: Call, history: list[dict[str, Any]]) -> None:
    """What the LM reports of the answer: texts, usage, price."""
    for entry in history:
        call.model = entry["model"]
        call.prompt = [Message(role=each["role"], content=str(each["content"])) for each in entry["messages"]]
        call.prompt_hash = hashlib.sha256(json.dumps(entry["messages"], sort_keys=True).encode()).hexdigest()[:12]
        call.answer = "\n".join(str(output) for output in entry["outputs"])
        usage = entry["usage"]
        if not usage:
            call.from_cache = True
            continue
        call.prompt_tokens += usage.get("prompt_tokens") or 0
        call.completion_tokens += usage.get("completion_tokens") or 0
        call.cached_tokens += (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        if entry.get("cost") is not None:
            call.dollars = (call.dollars or 0.0) + entry["cost"]


def cut_off(history: list[dict[str, Any]]) -> bool:
    """Whether an answer ended at the token cap; LiteLLM's responses say so of each of their choices."""
    responses = [entry["response"] for entry in history]
    endings = [*responses, *(choice for response in responses for choice in getattr(response, "choices", None) or [])]
    return any(getattr(each, "finish_reason", None) == "length" for each in endings)


def first_line(fault: Exception) -> str:
    """The first line of what a fault says, cut to 200 characters."""
    return next((line for line in str(fault).splitlines() if line.strip()), "")[:200]


# Small models repeat themselves until the token cap cuts them off.
TAIL_CHARACTERS = 600
LONGEST_UNIT = 150
REPEATS = 4


def runs_in_circles(answer: str) -> bool:
    """Whether the end of `answer` is one piece of text over and over, at least `REPEATS` times.

    Pieces of white space or of one character, such as a long rule, do not count unless they fill the whole tail.
    """
    tail = answer[-TAIL_CHARACTERS:]
    for length in range(1, min(LONGEST_UNIT, len(tail) // REPEATS) + 1):
        unit = tail[-length:]
        says_something = unit.strip() and len(set(unit)) > 1
        if tail.endswith(unit * (REPEATS if says_something else TAIL_CHARACTERS // length)):
            return True
    return False


def valid_text(value: Any) -> Any:
    """`value`, a text or a list or record of them, with a question mark for every half character.

    Answers may hold lone surrogates, which JSON can escape; no server takes those back in a prompt.
    """
    match value:
        case str():
            return value.encode("utf-8", "replace").decode("utf-8")
        case list():
            return [valid_text(item) for item in value]
        case BaseModel():
            return value.model_copy(
                update={name: valid_text(getattr(value, name)) for name in type(value).model_fields}
            )
        case _:
            return value
