"""How a signature becomes a prompt and an answer becomes field values.

DSPy's own adapters spend some 300 prompt tokens a call on describing their format; on a laptop, prompt tokens cost as
much time as answers. This one is lean, and it asks for each kind of answer in the form models are best at:

- a program goes into a fenced Python block, unescaped;
- everything else is JSON, and where the server can constrain generation it gets the JSON schema.

What is read is read with tolerance (prose around, missing fences, truncated tails, single bad list items); what is
accepted has the declared type.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterable
from typing import Any, cast, get_origin

import dspy
import json_repair
from dspy.utils.exceptions import AdapterParseError
from pydantic import BaseModel, TypeAdapter, ValidationError, create_model

_OPENING_FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+-]*)[^\n`]*\n", re.MULTILINE)
_PYTHON_NAMES = ("python", "python3", "py", "py3")
# Bounds on how many places of an answer are tried; a model that runs in circles writes thousands.
MAX_BRACES, MAX_FENCES, MAX_ENDS = 20, 12, 6
_PYTHON_LINE = re.compile(r"^(import |from \w+ import |def |class |for |while |if |print\(|\w[\w, ]* = )", re.MULTILINE)


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
                return _parse_code(signature, completion)
            return _parse_json(signature, completion)
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


def _parse_code(signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
    (name,) = signature.output_fields
    return {name: _find_program(completion.replace("\r\n", "\n")).strip("\n") + "\n"}


def _find_program(text: str) -> str:
    """The program in an answer: the longest Python block, else the longest block, else what looks like code."""
    fences = list(_OPENING_FENCE.finditer(text))[:MAX_FENCES]
    for names in (_PYTHON_NAMES, ("",), None):  # a block said to be Python goes before one without a name, and so on
        chosen = [fence for fence in fences if names is None or fence.group(1).lower() in names]
        blocks = [_block_from(text, fence.end()) for fence in chosen]
        if any(block.strip() for block in blocks):
            return max(blocks, key=len)
    bare = text.strip().removesuffix("```").rstrip()
    if _is_python(bare) and ("(" in bare or "=" in bare):
        return bare
    first = _PYTHON_LINE.search(bare)
    if first is None:
        raise ValueError("no program in the answer")
    return bare[first.start() :]


def _block_from(text: str, start: int) -> str:
    """The block from `start` on. A program may hold three back quotes: the first end that leaves Python is the end."""
    ends = [match.start() for match in re.finditer("```", text[start:])][:MAX_ENDS]
    blocks = [text[start : start + end] for end in ends] or [text[start:]]
    return next((block for block in blocks if block.strip() and _is_python(block)), blocks[0])


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # notices about the model's escapes are no business of ours
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _parse_json(signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
    loaded = _find_object(completion, signature.output_fields)
    if loaded is None:
        raise ValueError("no JSON object in the answer")
    values = {}
    for name, field in signature.output_fields.items():
        if name not in loaded:
            raise ValueError(f"field {name} is missing")
        values[name] = _fit(loaded[name], field.annotation, name)
    return values


def _find_object(text: str, names: Iterable[str]) -> dict[str, Any] | None:
    """The first JSON object in `text` with one of the names, else the first one at all."""
    found = None
    for brace in [match.start() for match in re.finditer(r"{", text)][:MAX_BRACES]:
        loaded = json_repair.loads(text[brace:])
        if isinstance(loaded, list):
            loaded = next((item for item in loaded if isinstance(item, dict)), None)
        if isinstance(loaded, dict):
            if any(name in loaded for name in names):
                return loaded
            found = found or loaded
    return found


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
