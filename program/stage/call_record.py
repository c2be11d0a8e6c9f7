"""What is entered of one request to the LM."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from program.rollout.rate_limits import LONGEST_WAIT_SECONDS
from program.rollout.trace import Call, Message
from program.undocumented import Noted


def fill(call: Call, notes: Sequence[Noted]) -> None:
    """What the LM reports of the answer: texts, usage, price."""
    for note in notes:
        call.model = note.model
        call.prompt = [Message(role=each["role"], content=str(each["content"])) for each in note.messages]
        call.prompt_hash = hashlib.sha256(json.dumps(note.messages, sort_keys=True).encode()).hexdigest()[:12]
        call.answer = "\n".join(str(output) for output in note.outputs)
        if note.free:
            call.from_cache = True
            continue
        call.prompt_tokens += note.prompt_tokens
        call.completion_tokens += note.completion_tokens
        call.cached_tokens += note.cached_tokens
        if note.dollars is not None:
            call.dollars = (call.dollars or 0.0) + note.dollars


def first_line(fault: Exception) -> str:
    """The first line of what a fault says, cut to 200 characters, and how long a server asks to wait that asks for more
    patience than there is."""
    said = next((line for line in str(fault).splitlines() if line.strip()), "")[:200]
    wait = getattr(fault, "retry_after", None) or 0.0
    return f"{said} (it asks to wait {wait:,.0f} s)" if wait > LONGEST_WAIT_SECONDS else said


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
