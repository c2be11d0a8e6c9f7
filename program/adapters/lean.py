"""The default adapter: from a signature to a prompt, and from an answer to field values.

DSPy's own adapters use about 300 prompt tokens per call to describe their format. On a laptop, prompt tokens take as
much time as completion tokens. This adapter uses few tokens, and the form that models are best at:

- A program goes into a fenced Python block, unescaped, after the reasoning if a signature asks for it.
- Everything else is JSON. If the server supports constrained generation, it gets the JSON schema.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import dspy

from program.adapters.code_and_json import read_answer, read_code, read_json
from program.adapters.form import Form, answer_form, answers_with_code
from program.adapters.reading import Reading
from program.adapters.schema import constrained
from program.adapters.sections import DSPY_ORDER, Order, SectionsAdapter, plain


class LeanAdapter(SectionsAdapter):
    """A `dspy.Adapter` with short prompts; see the module docstring.

    Args:
        order: the order of a prompt's parts; see `program.adapters.sections`.
        form: how the form of a JSON answer is shown; see `program.adapters.form`.
    """

    def __init__(self, order: Order = DSPY_ORDER, form: Form = "example") -> None:
        super().__init__(order)
        self.form: Form = form

    def __call__(
        self,
        lm: dspy.BaseLM,
        lm_kwargs: dict[str, Any],
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        return super().__call__(lm, self._settings(lm, lm_kwargs, signature), signature, demos, inputs)

    async def acall(
        self,
        lm: dspy.BaseLM,
        lm_kwargs: dict[str, Any],
        signature: type[dspy.Signature],
        demos: list[dict[str, Any]],
        inputs: dict[str, Any],
    ) -> list[dict[str, Any]]:
        return await super().acall(lm, self._settings(lm, lm_kwargs, signature), signature, demos, inputs)

    def _settings(self, lm: dspy.BaseLM, settings: dict[str, Any], signature: type[dspy.Signature]) -> dict[str, Any]:
        return settings if answers_with_code(signature) else constrained(lm, settings, signature)

    def answer_form(self, signature: type[dspy.Signature]) -> str:
        return answer_form(signature, self.form)

    def format_assistant_message_content(
        self, signature: type[dspy.Signature], outputs: dict[str, Any], missing_field_message: str | None = None
    ) -> str:
        values = {name: outputs.get(name, missing_field_message) for name in signature.output_fields}
        if not answers_with_code(signature):
            return json.dumps(plain(values), ensure_ascii=False)
        *before, code = map(str, values.values())
        return "\n".join([*(text.strip() for text in before), f"```python\n{code.strip()}\n```"])

    def read(self, signature: type[dspy.Signature], completion: str) -> Reading:
        read = read_code if answers_with_code(signature) else read_json
        return read_answer(signature, completion, partial(read, signature))
