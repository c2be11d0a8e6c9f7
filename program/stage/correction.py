"""One repair call: the model is shown its own answer, what could not be read in it, and asked for it again."""

from __future__ import annotations

from copy import copy
from typing import Any, cast

import dspy

from program.adapters.sections import UnreadableAnswer

SHOWN_CHARACTERS = 2000  # of the bad answer: as much as a program has; what is longer has mostly run in circles
REASON_CHARACTERS = 200
REQUEST = "That answer cannot be read: "
ADDED = 2  # messages


def corrected(adapter: dspy.Adapter, answer: str, why: str) -> dspy.Adapter:
    """`adapter` with two more messages at the end: a bad answer, and the request to give it again in the right form.

    Args:
        adapter: what the call was made with.
        answer: what came back.
        why: it could not be read.
    """
    shown = answer.strip()
    if len(shown) > SHOWN_CHARACTERS:
        shown = f"{shown[:SHOWN_CHARACTERS]} …"

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
    vars(made)["format"] = format  # of this copy alone
    return made


def reason(fault: dspy.AdapterParseError) -> str:
    """What could not be read, in one line."""
    met, wanted = fault.__cause__ or fault.__context__, cast(Any, fault.signature).output_fields
    if isinstance(fault, UnreadableAnswer):
        said = fault.reason
    elif isinstance(met, ValueError | SyntaxError):  # DSPy's adapters met a value that has not the type of its field
        said = str(met)
    else:
        missing = [name for name in wanted if name not in (fault.parsed_result or ())]
        said = f"it does not have what is asked for: {', '.join(missing)}"
    return " ".join(said.split())[:REASON_CHARACTERS].rstrip(".")
