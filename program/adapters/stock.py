"""DSPy's own adapters, adapted to what stages expect from every adapter.

An unreadable answer raises only AdapterParseError and causes no uncounted second call. A program may be in a fence, and
tolerance is recorded. The prompts are exactly DSPy's.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import dspy

from program.adapters.code_and_json import FENCE_INSIDE, no_answer, unfenced
from program.adapters.fitting import drop_torn
from program.adapters.form import holds_program
from program.adapters.reading import Reading, note
from program.adapters.schema import constrained, takes_schema
from program.adapters.sections import UnreadableAnswer
from program.answers.coercions import TORN_RECORD
from program.answers.thoughts import is_json, split_text
from program.undocumented import CHAT_END, acalled_as_chat, called_as_chat, chat_fields

# Exceptions that DSPy's parsers raise besides AdapterParseError: for deep nesting (the compiler's MemoryError), lone
# surrogates and so on.
_FAULTS = (ValueError, TypeError, RecursionError, MemoryError)


class _Stock(dspy.Adapter):
    """The common part; DSPy's own adapters would repeat a failed call as JSON, uncounted."""

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        return _parsed(self, super().parse, signature, completion)

    def tolerance(self, signature: type[dspy.Signature], completion: str) -> tuple[str, ...]:
        """What was ignored in an answer that could be read."""
        raise NotImplementedError


class ChatAdapter(_Stock, dspy.ChatAdapter):
    """Fields under `[[ ## name ## ]]` headings."""

    def tolerance(self, signature: type[dspy.Signature], completion: str) -> tuple[str, ...]:
        before, found = chat_fields(completion)
        if before or found.get(CHAT_END, "no end").strip():
            return ("text around the fields",)
        structured = [name for name, field in signature.output_fields.items() if field.annotation is not str]
        return () if all(is_json(found.get(name, "")) for name in structured) else ("JSON mended",)


class XMLAdapter(_Stock, dspy.XMLAdapter):
    """Fields in XML tags."""

    def tolerance(self, signature: type[dspy.Signature], completion: str) -> tuple[str, ...]:
        root = ET.fromstring(f"<answer>{completion}</answer>")
        outside = [root.text, *(child.tail for child in root)]
        return ("text around the fields",) if any(text and text.strip() for text in outside) else ()


class JSONAdapter(_Stock, dspy.JSONAdapter):
    """A JSON object; if the server supports it, constrained by the schema of `LeanAdapter`, which limits lists."""

    def __call__(
        self,
        lm: dspy.BaseLM,
        lm_kwargs: dict[str, Any],
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        return called_as_chat(self, lm, _settings(lm, lm_kwargs, signature), signature, demos, inputs)

    async def acall(
        self,
        lm: dspy.BaseLM,
        lm_kwargs: dict[str, Any],
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        return await acalled_as_chat(self, lm, _settings(lm, lm_kwargs, signature), signature, demos, inputs)

    def tolerance(self, signature: type[dspy.Signature], completion: str) -> tuple[str, ...]:
        return () if is_json(completion) else ("JSON mended",)


def _settings(lm: dspy.BaseLM, settings: dict[str, Any], signature: type[dspy.Signature]) -> dict[str, Any]:
    if not takes_schema(lm) and "response_format" in lm.supported_params:
        return {**settings, "response_format": {"type": "json_object"}}
    return constrained(lm, settings, signature)


def _parsed(adapter: _Stock, parse: Any, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
    split = split_text(completion, signature.output_fields)
    try:
        values, repairs = parse(signature, split.said), adapter.tolerance(signature, split.said)
        dropped, programs = 0, ()
        for name, field in signature.output_fields.items():
            if holds_program(name, field.annotation):
                programs, fenced = unfenced(values[name], field)
                values[name] = programs[0].code
                repairs += (FENCE_INSIDE,) * fenced
            elif isinstance(values[name], list) and drop_torn(values[name]):
                repairs, dropped = (*repairs, TORN_RECORD), dropped + 1
        return note(Reading(values, repairs, dropped, tuple(programs), split.thought))
    except _FAULTS as fault:
        said = no_answer(split, str(fault)) or fault
        raise UnreadableAnswer(adapter, signature, completion, str(said)) from said
    except dspy.AdapterParseError as fault:
        if said := no_answer(split, "it does not have what is asked for"):
            raise UnreadableAnswer(adapter, signature, completion, str(said)) from said
        raise fault
