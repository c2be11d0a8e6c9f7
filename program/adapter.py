"""How a signature becomes a prompt and an answer becomes field values.

DSPy's own adapters spend some 300 prompt tokens a call on describing their format; on a laptop, prompt tokens cost as
much time as answers. This one is lean, and it asks for each kind of answer in the form models are best at:

- a program goes into a fenced Python block, unescaped;
- everything else is JSON, and where the server can constrain generation it gets the JSON schema.
"""

from __future__ import annotations

import json
from typing import Any, cast, get_origin

import dspy
from dspy.utils.exceptions import AdapterParseError
from pydantic import BaseModel, create_model

from program.answers import read_code, read_json


class LeanAdapter(dspy.JSONAdapter):
    """A `dspy.Adapter` with short prompts; see the module's text."""

    def _prepare_response_format(self, lm: dspy.LM, lm_kwargs: dict[str, Any], signature: type[dspy.Signature]) -> None:
        if not _answers_with_code(signature) and lm.supports_response_schema:
            lm_kwargs["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": signature.__name__, "schema": answer_schema(signature), "strict": True},
            }

    def format_system_message(self, signature: type[dspy.Signature]) -> str:
        return f"{signature.instructions.strip()}\n\n{_answer_format(signature)}"

    def format_user_message_content(
        self,
        signature: type[dspy.Signature],
        inputs: dict[str, Any],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        sections = [f"## {name}\n{_show(inputs[name])}" for name in signature.input_fields if inputs.get(name)]
        return "\n\n".join(part for part in (prefix, *sections, suffix) if part)

    def format_demos(self, signature: type[dspy.Signature], demos: list[dict[str, Any]]) -> list[dict[str, Any]]:
        messages = []
        for demo in demos:
            messages.append({"role": "user", "content": self.format_user_message_content(signature, demo)})
            messages.append({"role": "assistant", "content": self.format_assistant_message_content(signature, demo)})
        return messages

    def format_assistant_message_content(
        self, signature: type[dspy.Signature], outputs: dict[str, Any], missing_field_message: str | None = None
    ) -> str:
        values = {name: outputs.get(name, missing_field_message) for name in signature.output_fields}
        if not _answers_with_code(signature):
            return json.dumps(_plain(values), ensure_ascii=False)
        (code,) = values.values()
        return f"```python\n{str(code).strip()}\n```"

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """The output fields of `signature` in `completion`.

        Raises:
            AdapterParseError: a field is missing or cannot be made to fit its type.
        """
        try:
            if _answers_with_code(signature):
                return read_code(signature, completion)
            return read_json(signature, completion)
        except (ValueError, RecursionError) as fault:
            raise AdapterParseError(type(self).__name__, cast(Any, signature), completion, str(fault)) from fault


def answer_schema(signature: type[dspy.Signature]) -> dict[str, Any]:
    """The JSON schema of the output fields, with every property required and no other allowed."""
    fields: dict[str, Any] = {name: (field.annotation, ...) for name, field in signature.output_fields.items()}
    schema = create_model(signature.__name__, **fields).model_json_schema()
    for part in [schema, *schema.get("$defs", {}).values()]:
        part.update(additionalProperties=False, required=list(part["properties"]))
        for item in part["properties"].values():
            item.pop("description", None)
            item.pop("title", None)
    for name, field in signature.output_fields.items():
        if get_origin(field.annotation) is list:
            schema["properties"][name]["minItems"] = 1
        if "maxItems" in _extras(field):
            schema["properties"][name]["maxItems"] = _extras(field)["maxItems"]
    return schema


def _answers_with_code(signature: type[dspy.Signature]) -> bool:
    """Whether the output is a program, and nothing else: then the answer is a fenced block instead of JSON."""
    (name, field), *more = signature.output_fields.items()
    return not more and field.annotation is str and name.endswith("code")


def _answer_format(signature: type[dspy.Signature]) -> str:
    if _answers_with_code(signature):
        (field,) = signature.output_fields.values()
        return f"Answer in this form and add nothing:\n```python\n<{_description(field)}>\n```"
    example = {name: _example(field.annotation, _description(field)) for name, field in signature.output_fields.items()}
    return f"Answer with a JSON object and nothing else, in this form:\n{json.dumps(example, ensure_ascii=False)}"


def _description(field: Any) -> str:
    return _extras(field)["desc"]


def _extras(field: Any) -> dict[str, Any]:
    return field.json_schema_extra


def _example(annotation: Any, description: str) -> Any:
    """A stand-in value that shows the shape of a type."""
    if get_origin(annotation) is not None and hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    if get_origin(annotation) is list:
        return [_example(annotation.__args__[0], description), "…"]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {name: field.description for name, field in annotation.model_fields.items()}
    return description


def _plain(value: Any) -> Any:
    """Pydantic values as plain ones, so that a demonstration looks the same before saving and after loading."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _show(value: Any) -> str:
    value = _plain(value)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return "\n".join(f"- {_show(item)}" for item in value)
    if isinstance(value, dict):
        return "\n  ".join(f"{key}: {_show(item)}" for key, item in value.items())
    return str(value)
