"""The JSON schema of an answer, for servers that can constrain generation to one."""

from __future__ import annotations

from typing import Any, get_origin

import dspy
from pydantic import create_model

MAX_NAME = 64  # what OpenAI allows


def response_format(signature: type[dspy.Signature]) -> dict[str, Any]:
    """The `response_format` that makes a server answer with the output fields of `signature`."""
    schema = {"name": schema_name(signature), "schema": answer_schema(signature), "strict": True}
    return {"type": "json_schema", "json_schema": schema}


def schema_name(signature: type[dspy.Signature]) -> str:
    """Names the answer by its fields: a signature loses its own name whenever DSPy changes a field or instruction."""
    return "_".join(signature.output_fields)[:MAX_NAME]


def answer_schema(signature: type[dspy.Signature]) -> dict[str, Any]:
    """The JSON schema of the output fields, with every property required and no other allowed."""
    fields: dict[str, Any] = {name: (field.annotation, ...) for name, field in signature.output_fields.items()}
    schema = create_model(schema_name(signature), **fields).model_json_schema()
    for part in [schema, *schema.get("$defs", {}).values()]:
        if "properties" not in part:  # an enumeration
            continue
        part.update(additionalProperties=False, required=list(part["properties"]))
        for item in part["properties"].values():
            for key in ("description", "title", "default"):
                item.pop(key, None)
    for name, field in signature.output_fields.items():
        extras: Any = field.json_schema_extra
        if get_origin(field.annotation) is list:
            schema["properties"][name]["minItems"] = 1
        if "maxItems" in extras:
            schema["properties"][name]["maxItems"] = extras["maxItems"]
    return schema
