"""How a signature becomes a prompt and an answer becomes field values.

DSPy's own adapters spend some 300 prompt tokens a call on describing their format; on a laptop, prompt tokens cost as
much time as answers. This one is lean, and it asks for each kind of answer in the form models are best at:

- a program goes into a fenced Python block, with what the stage says about it in front, unescaped;
- everything else is JSON, and where the server can constrain generation it gets the JSON schema.

What is read is read with tolerance (prose around, missing fences, truncated tails, single bad list items); what is
accepted has the declared type.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast, get_origin

import dspy
import json_repair
from dspy.utils.exceptions import AdapterParseError
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model

_FENCE = re.compile(r"```[ \t]*([\w+-]*)[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_PYTHON_LINE = re.compile(r"^(import |from \w+ import |def |class |for |while |if |print\(|\w[\w, ]* = )", re.MULTILINE)

_BOUNDS = ("minItems", "maxItems", "maxLength")


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

    def format_assistant_message_content(
        self, signature: type[dspy.Signature], outputs: dict[str, Any], missing_field_message: str | None = None
    ) -> str:
        values = {name: outputs.get(name, missing_field_message) for name in signature.output_fields}
        if not _answers_with_code(signature):
            return json.dumps(_plain(values), ensure_ascii=False)
        *words, code = values
        parts = [f"{name}: {values[name]}" for name in words]
        return "\n\n".join([*parts, f"```python\n{str(values[code]).strip()}\n```"])

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """The output fields of `signature` in `completion`.

        Raises:
            AdapterParseError: a field is missing or cannot be made to fit its type.
        """
        try:
            if _answers_with_code(signature):
                return _parse_code(signature, completion)
            return _parse_json(signature, completion)
        except ValueError as fault:
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
        extras = _extras(field)
        bounds = {key: extras[key] for key in _BOUNDS if key in extras}
        schema["properties"][name].update(bounds)
    return schema


def _answers_with_code(signature: type[dspy.Signature]) -> bool:
    """Whether the last output is a program: then the answer is words and a fenced block instead of JSON."""
    fields = signature.output_fields
    return all(field.annotation is str for field in fields.values()) and list(fields)[-1].endswith("code")


def _answer_format(signature: type[dspy.Signature]) -> str:
    if _answers_with_code(signature):
        words = [f"{name}: <{_description(field)}>" for name, field in list(signature.output_fields.items())[:-1]]
        block = f"```python\n<{_description(list(signature.output_fields.values())[-1])}>\n```"
        return "Answer in this form and add nothing:\n" + "\n\n".join([*words, block])
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


def _parse_code(signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
    *words, code = signature.output_fields
    blocks = [match for match in _FENCE.finditer(completion) if match.group(2).strip()]
    if blocks:
        block = max(blocks, key=lambda match: len(match.group(2)))
        program, before = block.group(2), completion[: block.start()]
    elif _PYTHON_LINE.search(completion):
        start = _PYTHON_LINE.search(completion)
        assert start is not None
        program, before = completion[start.start() :], completion[: start.start()]
    else:
        raise ValueError("no program in the answer")
    values: dict[str, Any] = {code: program.strip("\n") + "\n"}
    for name in words:
        values[name] = before.strip().removeprefix(f"{name}:").strip()
    return values


def _parse_json(signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
    start = completion.find("{")
    loaded = json_repair.loads(completion[start:]) if start >= 0 else None
    if isinstance(loaded, list):
        loaded = next((item for item in loaded if isinstance(item, dict)), None)
    if not isinstance(loaded, dict):
        raise ValueError("no JSON object in the answer")
    values = {}
    for name, field in signature.output_fields.items():
        if name not in loaded:
            raise ValueError(f"field {name} is missing")
        values[name] = _fit(loaded[name], field.annotation, name)
    return values


def _fit(value: Any, annotation: Any, name: str) -> Any:
    """`value` as the declared type; of a list, the items that fit."""
    if get_origin(annotation) is list and isinstance(value, list):
        item_type = TypeAdapter(annotation.__args__[0])
        items = [item for item in (_validated(item_type, item) for item in value) if item is not None]
        if not items:
            raise ValueError(f"no item of {name} fits its type")
        return items
    fitted = _validated(TypeAdapter(annotation), value)
    if fitted is None:
        raise ValueError(f"{name} does not fit its type")
    return fitted


def _validated(kind: TypeAdapter, value: Any) -> Any:
    if isinstance(value, int | float):
        value = str(value)
    try:
        return kind.validate_python(value)
    except ValidationError:
        return None
