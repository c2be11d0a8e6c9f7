"""What a server has shown of itself: which settings of a request it refuses, and whether its model thinks.

A refusal is met once. The request is sent again without the setting, or with it renamed or lowered, and what helped is
kept for the run: for this model at this address, in all threads and rollouts.
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
STRIKES = 2  # failures of a server, each on a request with a schema, after which it is tried without one
LEAST_ROOM = 64  # tokens; with less left for an answer the prompt is too long
CHARACTERS_A_TOKEN = 3  # few, so that a prompt is rather taken to be longer than it is
_OPTIONAL: dict[Setting, str] = {
    "temperature": r"\btemperature\b",
    "seed": r"\bseed\b",
    "response_format": r"response_format|json_schema|\bschema|structured.outputs?|guided|grammar",
}
_CAP = r"max_(?:completion_|output_|new_)?tokens|maxoutputtokens|(?:completion|output) tokens"
_NOT_KNOWN = r"unsupported|not supported|unrecognized|unknown|not permitted|unexpected|instead|extra"
_NO_CONTEXT = r"context (?:length|window|size)"
_CONTEXT = re.compile(rf"{_NO_CONTEXT}\D{{0,40}}(\d[\d,]*)")
_INPUT = re.compile(
    r"(\d[\d,]*) (?:input tokens|prompt tokens|(?:tokens )?(?:in|from) the (?:input|messages|prompt))"
    r"|(?:prompt|input|messages) (?:contains?|has|have|of|resulted in)\D{0,30}(\d[\d,]*)"
)


@dataclass(frozen=True)
class Change:
    """How to send a refused request again.

    setting: what was refused.
    tokens: of "max_tokens" the most an answer may have; None where the field has to be renamed.
    context: tokens that prompt and answer share, where that is why.
    """

    setting: Setting
    tokens: int | None = None
    context: int | None = None


@dataclass
class Learned:
    """Of one model at one address.

    left_out: settings that are not sent.
    renamed: whether the cap of an answer is sent as the other of `max_tokens` and `max_completion_tokens`.
    most_tokens: an answer may have at most; None where the server has named no bound.
    context: tokens that prompt and answer share; None where the server has not said.
    thinks: whether an answer held a thought.
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
        """Of `wanted` tokens of an answer so many as there is room for after a prompt of so many characters."""
        if self.most_tokens is not None:
            wanted = min(wanted, self.most_tokens)
        if self.context is None:
            return wanted
        return max(min(wanted, self.context - characters // CHARACTERS_A_TOKEN), LEAST_ROOM)

    def change_for(self, fault: LMError, sent: dict[str, Any]) -> Change | None:
        """What to change in a request that `fault` refuses; None where nothing would help.

        Args:
            fault: one of `REFUSALS`.
            sent: the settings the request had: `temperature`, `seed`, `response_format`, `max_tokens`.
        """
        with_schema = sent.get("response_format") is not None and Change("response_format")
        if isinstance(fault, LMServerError):
            return (with_schema or None) if with_schema and self._schema_fails(fault) else None
        if isinstance(fault, LMUnsupportedModelError):
            return None
        said = str(fault).lower()
        if sent.get("max_tokens") is not None and (change := _change_of_cap(said, sent["max_tokens"])):
            return change
        if isinstance(fault, ContextWindowExceededError):
            return None
        for setting, words in _OPTIONAL.items():
            if sent.get(setting) is not None and re.search(words, said):
                return Change(setting)
        return with_schema or None  # a server need not say that it is the schema it does not take

    def keep(self, change: Change) -> None:
        """What helped once is done from now on."""
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
        """Whether a server seems to fail because of the schema. One that has answered a request with a schema before
        is out of order instead."""
        if self.schema_taken:
            return False
        with self._lock:
            self._strikes += 1
            names_it = re.search(_OPTIONAL["response_format"], str(fault).lower())
            return bool(names_it) or fault.status == 501 or self._strikes >= STRIKES


def too_long(fault: LMError) -> bool:
    """Whether `fault` says that a prompt does not fit into the model's context."""
    said = isinstance(fault, LMInvalidRequestError) and re.search(_NO_CONTEXT, str(fault).lower())
    return isinstance(fault, ContextWindowExceededError) or bool(said)


def _change_of_cap(said: str, cap: int) -> Change | None:
    context, read = _CONTEXT.search(said), _INPUT.search(said)
    if context and read:
        total = _number(context[1])
        room = total - _number(read[1] or read[2])
        return Change("max_tokens", room, total) if LEAST_ROOM <= room < cap else None
    if context or not re.search(_CAP, said):
        return None
    bounds = [number for number in map(_number, re.findall(r"\d[\d,]*", said)) if LEAST_ROOM <= number < cap]
    if re.search(_NOT_KNOWN, said) and not (bounds and str(cap) in said):
        return Change("max_tokens")
    return Change("max_tokens", max(bounds)) if bounds else None


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))


_by_address: dict[tuple[str, str], Learned] = {}
_by_engine: WeakKeyDictionary[Any, Learned] = WeakKeyDictionary()


def learned_of(lm: Any) -> Learned:
    """What is known of the model and the server behind `lm`; shared by all its copies.

    Args:
        lm: a `dspy.LM`; one with an engine of its own that asks another LM, its attribute `asks`, shares what is known
            of that one.
    """
    engine = engine_of(lm)
    if engine is None:
        return _by_address.setdefault((lm.model, address_of(lm)), Learned())
    inner = getattr(engine, "asks", None)
    return learned_of(inner) if inner is not None else _by_engine.setdefault(engine, Learned())
