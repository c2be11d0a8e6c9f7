"""One repair call: the model is shown its own answer, what could not be read in it, and asked for it again."""

from __future__ import annotations

import re
from typing import Any

import dspy

SHOWN_CHARACTERS = 2000  # of the bad answer: as much as a program has; what is longer has mostly run in circles
REASON_CHARACTERS = 200
REQUEST = "That answer cannot be read: "
# How DSPy words an AdapterParseError: the message, if there is one, then the answer, then the fields.
_MESSAGE = re.compile(
    r"(?P<said>.*?)\s*Adapter \w+ failed to parse the LM response.*"
    r"Expected to find output fields in the LM response: \[(?P<fields>[^\]]*)\]",
    re.DOTALL,
)


class Corrected(dspy.Adapter):
    """`adapter` with two more messages at the end: a bad answer, and the request to give it again in the right form.

    Args:
        adapter: what the call was made with.
        answer: what came back.
        fault: why it could not be read: words of one's own, or the text of the AdapterParseError.
    """

    def __init__(self, adapter: dspy.Adapter, answer: str, fault: str) -> None:
        super().__init__(use_native_function_calling=adapter.use_native_function_calling)
        self.adapter = adapter
        self._answer = answer
        self._reason = reason(fault)

    def format(
        self, signature: type[dspy.Signature], demos: list[dict[str, Any]], inputs: dict[str, Any]
    ) -> list[dict[str, Any]]:
        shown = self._answer.strip()
        if len(shown) > SHOWN_CHARACTERS:
            shown = f"{shown[:SHOWN_CHARACTERS]} …"
        asked = f"{REQUEST}{self._reason}. Give the whole answer again in the required form, only that."
        return [
            *self.adapter.format(signature, demos, inputs),
            # Servers refuse empty messages.
            {"role": "assistant", "content": shown or "(nothing)"},
            {"role": "user", "content": asked},
        ]

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        return self.adapter.parse(signature, completion)

    def _call_preprocess(
        self, lm: dspy.BaseLM, lm_kwargs: dict[str, Any], signature: type[dspy.Signature], inputs: dict[str, Any]
    ) -> type[dspy.Signature]:
        if isinstance(self.adapter, dspy.JSONAdapter):  # the one that does more in its own __call__
            self.adapter._prepare_response_format(lm, lm_kwargs, signature)
        return self.adapter._call_preprocess(lm, lm_kwargs, signature, inputs)


def reason(fault: str) -> str:
    """What could not be read, in one line: of the text of an AdapterParseError the part that says so."""
    message = _MESSAGE.match(fault)
    said = fault if message is None else message["said"] or f"it does not have what is asked for: {message['fields']}"
    return " ".join(said.split())[:REASON_CHARACTERS].rstrip(".")
