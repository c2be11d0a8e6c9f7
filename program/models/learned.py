"""What is learned about a server: which settings of a request it refuses, and whether its model thinks.

Each refusal occurs once. The request is sent again with the setting left out, renamed or lowered. If this helps, the
change is kept until the process ends, for this model at this address, in all threads and rollouts.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any, Literal
from weakref import WeakKeyDictionary

from dspy import (
    ContextWindowExceededError,
    LMError,
    LMInvalidRequestError,
    LMServerError,
    LMUnsupportedFeatureError,
    LMUnsupportedModelError,
)

from program.undocumented import address_of, engine_of

Setting = Literal["temperature", "seed", "response_format", "max_tokens"]
REFUSALS = (LMInvalidRequestError, LMUnsupportedFeatureError, LMServerError)
STRIKES = 2  # after this many failed requests with a schema, a request is sent without one
LEAST_ROOM = 64  # tokens; if fewer are left for the answer, the prompt is too long
CHARACTERS_A_TOKEN = 3  # a low value: it overestimates the length of a prompt rather than underestimating it
_OPTIONAL: dict[Setting, str] = {
    "temperature": r"\btemperature\b",
    "seed": r"\bseed\b",
    "response_format": r"response_format|json_schema|\bschema|structured.outputs?|guided|grammar",
}
_CAP = r"max_(?:completion_|output_|new_)?tokens|maxoutputtokens|(?:completion|output) tokens"
_NOT_KNOWN = r"unsupported|not supported|unrecognized|unknown|not permitted|unexpected|instead|extra"
_NO_CONTEXT = r"context (?:length|window|size)"
# The second form is that of Text Generation Inference: "`inputs` tokens + `max_new_tokens` must be <= 8193".
_CONTEXT = re.compile(rf"(?:{_NO_CONTEXT}|max_new_tokens\W* must be <=)\D{{0,40}}(\d[\d,]*)")
_INPUT = re.compile(
    r"(\d[\d,]*) (?:input tokens|prompt tokens|`?inputs`? tokens|of (?:text )?input"
    r"|(?:tokens )?(?:in|from) the (?:input|messages|prompt))"
    r"|(?:prompt|input|messages) (?:contains?|has|have|of|resulted in)\D{0,30}(\d[\d,]*)"
)
_BOUND = re.compile(r"at least \d")


@dataclass(frozen=True)
class Change:
    """How to change a refused request.

    setting: the refused setting.
    tokens: for "max_tokens", the maximum for an answer; None if the field must be renamed.
    context: the context length in tokens, if it caused the refusal.
    """

    setting: Setting
    tokens: int | None = None
    context: int | None = None


@dataclass
class Learned:
    """What was learned about one model at one address.

    left_out: settings that are not sent.
    renamed: whether the token cap is sent under the other one of the names `max_tokens` and `max_completion_tokens`.
    most_tokens: the maximum tokens of an answer; None if the server has not reported one.
    context: the context length in tokens (prompt and answer); None if the server has not reported it.
    thinks: whether an answer contained a thought.
    schema_taken: whether a request with a schema was answered.
    """

    left_out: set[Setting] = field(default_factory=set)
    renamed: bool = False
    most_tokens: int | None = None
    context: int | None = None
    thinks: bool = False
    schema_taken: bool = False
    _strikes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def room(self, wanted: int, characters: int) -> int:
        """The tokens that an answer can have after a prompt of `characters` characters, at most `wanted`."""
        if self.most_tokens is not None:
            wanted = min(wanted, self.most_tokens)
        if self.context is None:
            return wanted
        return max(min(wanted, self.context - characters // CHARACTERS_A_TOKEN), LEAST_ROOM)

    def change_for(self, fault: LMError, sent: dict[str, Any], characters: int) -> Change | None:
        """How to change a request that was refused with `fault`; None if no change would help.

        Args:
            fault: one of `REFUSALS`.
            sent: the settings of the request: `temperature`, `seed`, `response_format`, `max_tokens`.
            characters: of the prompt.
        """
        without_schema = Change("response_format") if sent.get("response_format") is not None else None
        if isinstance(fault, LMServerError):
            return without_schema if without_schema and self._schema_fails(fault) else None
        if isinstance(fault, LMUnsupportedModelError):
            return None
        said = str(fault).lower()
        if sent.get("max_tokens") is not None and (change := _change_of_cap(said, sent["max_tokens"], characters)):
            return change
        if isinstance(fault, ContextWindowExceededError):
            return None
        for setting, words in _OPTIONAL.items():
            if sent.get(setting) is not None and re.search(words, said):
                return Change(setting)
        return without_schema  # a server may not say that the schema is the problem

    def keep(self, change: Change) -> None:
        """Apply a change that helped to all later requests."""
        with self._lock:
            if change.setting != "max_tokens":
                self.left_out.add(change.setting)
            elif change.tokens is None:
                self.renamed = not self.renamed
            elif change.context is not None:
                self.context = change.context
            else:
                self.most_tokens = change.tokens

    def _schema_fails(self, fault: LMServerError) -> bool:
        """Whether a server seems to fail because of the schema. If it answered a request with a schema before, it has
        another problem."""
        if self.schema_taken:
            return False
        with self._lock:
            self._strikes += 1
            names_it = re.search(_OPTIONAL["response_format"], str(fault).lower())
            return bool(names_it) or fault.status == 501 or self._strikes >= STRIKES


def too_long(fault: LMError) -> bool:
    """Whether `fault` says that the prompt does not fit into the model's context."""
    said = isinstance(fault, LMInvalidRequestError) and re.search(_NO_CONTEXT, str(fault).lower())
    return isinstance(fault, ContextWindowExceededError) or bool(said)


def _change_of_cap(said: str, cap: int, characters: int) -> Change | None:
    if context := _CONTEXT.search(said):
        total = _number(context[1])
        room = _room(said, total, cap, characters)
        return Change("max_tokens", room, total) if LEAST_ROOM <= room < cap else None
    if not re.search(_CAP, said):
        return None
    bounds = [number for number in map(_number, re.findall(r"\d[\d,]*", said)) if LEAST_ROOM <= number < cap]
    if re.search(_NOT_KNOWN, said) and not (bounds and str(cap) in said):
        return Change("max_tokens")
    return Change("max_tokens", max(bounds)) if bounds else None


def _room(said: str, total: int, cap: int, characters: int) -> int:
    """The tokens that a context of `total` has left for an answer. vLLM stops counting a prompt that is too long: its
    count is only the lowest that does not fit, so the prompt is then estimated by its characters."""
    read = _INPUT.search(said)
    count = _number(read[1] or read[2]) if read else None
    if count is not None and not _BOUND.search(said) and count + cap != total + 1:
        return total - count
    room = total - characters // CHARACTERS_A_TOKEN
    return room if room < cap else cap // 2  # the prompt has more tokens than estimated


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))


_by_address: dict[tuple[str, str], Learned] = {}
_by_engine: WeakKeyDictionary[Any, Learned] = WeakKeyDictionary()


def learned_of(lm: Any) -> Learned:
    """What is known about the model and the server of `lm`; all copies of `lm` share it.

    Args:
        lm: a `dspy.LM`. If its engine calls another LM, in its attribute `asks`, it shares what is known about that LM.
    """
    engine = engine_of(lm)
    if engine is None:
        return _by_address.setdefault((lm.model, address_of(lm)), Learned())
    inner = getattr(engine, "asks", None)
    return learned_of(inner) if inner is not None else _by_engine.setdefault(engine, Learned())
