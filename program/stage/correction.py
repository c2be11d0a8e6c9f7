"""One repair call: it shows the model its own answer and why it could not be read, and requests it again."""

from __future__ import annotations

from copy import copy
from typing import Any, cast

import dspy

from program.adapters.sections import UnreadableAnswer

ANSWER_CHARACTERS = 2000  # of the bad answer, enough for a program; a longer answer mostly repeats itself
REASON_CHARACTERS = 200
REQUEST = "That answer cannot be read: "
ADDED = 2  # messages


def corrected(adapter: dspy.Adapter, answer: str, why: str) -> dspy.Adapter:
    """`adapter` with two more messages at the end: the bad answer, and a request for it in the right form.

    Args:
        adapter: the adapter of the original call.
        answer: the bad answer.
        why: why it could not be read.
    """
    shown = answer.strip()
    if len(shown) > ANSWER_CHARACTERS:
        shown = f"{shown[:ANSWER_CHARACTERS]} …"

    def format(
        signature: type[dspy.Signature], demos: list[dict[str, Any]], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        return [
            *adapter.format(signature, demos, inputs),
            # Servers refuse empty messages.
            {"role": "assistant", "content": shown or "(nothing)"},
            {
                "role": "user",
                "content": f"{REQUEST}{why}. Give the whole answer again in the required form, only that.",
            },
        ]

    made = copy(adapter)
    vars(made)["format"] = format  # only for this copy
    return made


def reason(fault: dspy.AdapterParseError) -> str:
    """Why an answer could not be read, in one line."""
    met, wanted = fault.__cause__ or fault.__context__, cast(Any, fault.signature).output_fields
    if isinstance(fault, UnreadableAnswer):
        said = fault.reason
    elif isinstance(met, ValueError | SyntaxError):  # in DSPy's adapters: a value does not have its field's type
        said = str(met)
    else:
        missing = [name for name in wanted if name not in (fault.parsed_result or ())]
        said = f"it does not have what is asked for: {', '.join(missing)}"
    return " ".join(said.split())[:REASON_CHARACTERS].rstrip(".")
