"""Records one request to the LM."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Collection, Sequence
from typing import Any

from pydantic import BaseModel

from program.answers.thoughts import split
from program.errors import call_fault
from program.rollout.context import trace
from program.rollout.decisions import PromptsCut, TokensNotCounted
from program.rollout.rate_limits import LONGEST_WAIT_SECONDS
from program.rollout.trace import Call, Message
from program.undocumented import Noted, wait_asked_for


def fill(call: Call, notes: Sequence[Noted], fields: Collection[str]) -> None:
    """Record what the LM reports about the answer: texts, usage, price.

    Args:
        call: the record to fill.
        notes: DSPy's records of the request.
        fields: the names of the output fields.
    """
    for note in notes:
        call.model = note.model
        call.prompt = [Message(role=each["role"], content=str(each["content"])) for each in note.messages]
        call.prompt_hash = hashlib.sha256(json.dumps(note.messages, sort_keys=True).encode()).hexdigest()[:12]
        parts = [_split(output, fields) for output in note.outputs]
        call.answer, call.thought = ("\n".join(texts) for texts in zip(*parts, strict=True)) if parts else ("", "")
        if note.free:
            call.from_cache = True
            continue
        call.prompt_tokens += note.prompt_tokens
        call.completion_tokens += note.completion_tokens
        call.cached_tokens += note.cached_tokens
        if note.dollars is not None:
            call.dollars = (call.dollars or 0.0) + note.dollars
        _look_at_counts(note)


# English has about 4 characters per token, programs 3, other scripts 1 to 2. Runs of one character are not counted,
# because one token may contain many of them.
CUT_CHARACTERS = 6000  # a shorter prompt fits into every context
CUT_RATIO = 8  # characters per token; above it, the server cannot have read the whole prompt
_RUN = re.compile(r"(.)\1{3,}|\s+", re.DOTALL)


def _look_at_counts(note: Noted) -> None:
    """Warn, once per model, if a server reports no token counts, or counts so low that it must have cut the prompt."""
    found: PromptsCut | TokensNotCounted | None = None
    characters = sum(len(_RUN.sub(" ", str(each["content"]))) for each in note.messages)
    if not note.counted:
        found = TokensNotCounted(model=note.model)
    elif characters >= CUT_CHARACTERS and 0 < note.prompt_tokens * CUT_RATIO < characters:
        found = PromptsCut(model=note.model, characters=characters, counted=note.prompt_tokens)
    if found is None or any((said.kind, said.model) == (found.kind, found.model) for said in _said):
        return
    _said.append(found)
    trace().decide(found)
    print(f"warning: {found}", file=sys.stderr)


_said: list[TokensNotCounted | PromptsCut] = []


def _split(output: Any, fields: Collection[str]) -> tuple[str, str]:
    """The answer and the thought, as texts; DSPy returns a dictionary if there is more than a text."""
    found = output if isinstance(output, dict) else {"text": output}
    parts = split(found.get("text"), found.get("reasoning_content"), fields)
    return parts.said, parts.thought


def words_of(fault: Exception) -> str:
    """The first line of an exception's message. If the server's retry-after time is too long, the time is added."""
    wait = wait_asked_for(fault) or 0.0
    asked = f" (retry after {wait:,.0f} s)" if wait > LONGEST_WAIT_SECONDS else ""
    return call_fault(fault) + asked


# Small models repeat themselves until the token cap cuts them off.
TAIL_CHARACTERS = 600
LONGEST_UNIT = 150
REPEATS = 4


def runs_in_circles(answer: str) -> bool:
    """Whether `answer` ends with one piece of text repeated at least `REPEATS` times.

    White space and single characters, such as in a long rule, only count if they fill the whole tail.
    """
    tail = answer[-TAIL_CHARACTERS:]
    for length in range(1, min(LONGEST_UNIT, len(tail) // REPEATS) + 1):
        unit = tail[-length:]
        says_something = unit.strip() and len(set(unit)) > 1
        if tail.endswith(unit * (REPEATS if says_something else TAIL_CHARACTERS // length)):
            return True
    return False


def valid_text(value: Any) -> Any:
    """`value`, a text or a list or record of texts, with question marks for lone surrogates.

    Answers may contain lone surrogates, which JSON can escape; servers do not accept them in a prompt.
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
