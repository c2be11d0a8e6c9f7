"""The JSON schema of an answer, for servers with constrained generation, and the choice of models that get it.

Providers support different parts of JSON Schema; `program.models.learned` handles those that refuse it.
"""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from typing import Any, cast, get_origin

import dspy
from annotated_types import MaxLen
from pydantic import create_model

from program.models.learned import learned_of
from program.models.names import EMBEDDED
from program.undocumented import extras_of

MAX_NAME = 64  # OpenAI's limit


def response_format(signature: type[dspy.Signature], *, bounded: bool = False) -> dict[str, Any]:
    """The `response_format` for answers with the output fields of `signature`.

    Args:
        signature: the signature of the call.
        bounded: whether the schema limits the length of texts; see `signatures.fields`.
    """
    schema = deepcopy(answer_schema(cast(Any, signature)))  # the cached schema must not change
    if not bounded:
        _unbound(schema)
    return {"type": "json_schema", "json_schema": {"name": schema_name(signature), "schema": schema, "strict": True}}


def schema_name(signature: type[dspy.Signature]) -> str:
    """A name made from the fields: a signature loses its own name when DSPy changes a field or an instruction."""
    return "_".join(signature.output_fields)[:MAX_NAME]


@lru_cache(maxsize=256)
def answer_schema(signature: type[dspy.Signature]) -> dict[str, Any]:
    """The JSON schema of the output fields; all properties are required and no others are allowed. It is cached, since
    making it is the slowest part of a prompt. Callers must not change it."""
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
        extras = extras_of(field)
        if get_origin(field.annotation) is list:
            schema["properties"][name]["minItems"] = 1
        if "maxItems" in extras:
            schema["properties"][name]["maxItems"] = extras["maxItems"]
        for bound in field.metadata:
            if isinstance(bound, MaxLen):
                schema["properties"][name]["maxLength"] = bound.max_length
    return schema


def _unbound(schema: Any) -> None:
    """Remove the limits on text lengths from a schema, at any depth."""
    if isinstance(schema, dict):
        schema.pop("maxLength", None)
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _unbound(part)


def takes_schema(lm: dspy.BaseLM) -> bool:
    """Whether a call to `lm` may include the schema of its answer."""
    return lm.supports_response_schema and "response_format" not in learned_of(lm).left_out


def constrained(lm: dspy.BaseLM, settings: dict[str, Any], signature: type[dspy.Signature]) -> dict[str, Any]:
    """The `settings` of a call to `lm`, with the schema of its answer if allowed.

    For embedded models the schema limits the length of texts: this stops small models that do not end by themselves,
    but would cut the reasoning of larger ones. OpenAI and Anthropic refuse such limits.
    """
    if not takes_schema(lm):
        return settings
    return {**settings, "response_format": response_format(signature, bounded=lm.model.startswith(EMBEDDED))}
