"""The prompt texts about the form of an answer with JSON or a program."""

from __future__ import annotations

import json
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import dspy
from pydantic import BaseModel

from program.undocumented import extras_of

# The form of JSON: an example with stand-ins; or a list of the keys, which cannot be copied as an answer.
Form = Literal["example", "described"]
_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def answers_with_code(signature: type[dspy.Signature]) -> bool:
    """Whether the output is a program, possibly after a text. Then the answer is a fenced block instead of JSON."""
    *before, last = signature.output_fields.items()
    fields = [field for _, field in (*before, last)]
    return len(before) <= 1 and all(field.annotation is str for field in fields) and last[0].endswith("code")


def holds_program(name: str, annotation: Any) -> bool:
    """Whether an output field is a program."""
    return annotation is str and name.endswith("code")


def asks_for_function(signature: type[dspy.Signature]) -> bool:
    """Whether the requested program is a function."""
    return any("entry_point" in extras_of(field) for field in signature.output_fields.values())


def description(field: Any) -> str:
    """The description of a signature's field."""
    return extras_of(field)["desc"]


def answer_form(signature: type[dspy.Signature], form: Form) -> str:
    """The part of a prompt about the form of the answer."""
    if answers_with_code(signature):
        # In words: small models would copy a form with a stand-in for the program.
        *before, program = map(description, signature.output_fields.values())
        first = "".join(f"{text}, and then with " for text in before)
        # If the prompt says to add nothing, a small model returns the given function without a body.
        ending = "" if asks_for_function(signature) else ", and add nothing"
        return f"Answer with {first}{program} in one block that begins with ```python{ending}."
    if form == "described":
        keys = [_key(name, field.annotation, description(field)) for name, field in signature.output_fields.items()]
        return "\n".join(["Answer with a JSON object and nothing else. Its keys:", *keys])
    example = {name: _example(field.annotation, description(field)) for name, field in signature.output_fields.items()}
    return f"Answer with a JSON object and nothing else, in this form:\n{json.dumps(example, ensure_ascii=False)}"


def unwrapped(annotation: Any) -> Any:
    """The annotation without pydantic's additions, and without None as an alternative."""
    if hasattr(annotation, "__metadata__"):
        return unwrapped(annotation.__origin__)
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        return unwrapped(kinds[0]) if len(kinds) == 1 else annotation
    return annotation


def _example(annotation: Any, said: str) -> Any:
    """A stand-in value that shows the structure of a type."""
    annotation = unwrapped(annotation)
    if get_origin(annotation) is list:
        return [_example(annotation.__args__[0], said), "…"]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {name: field.description for name, field in annotation.model_fields.items()}
    return said


def allows_none(annotation: Any) -> bool:
    """Whether the type includes None."""
    if hasattr(annotation, "__metadata__"):
        return allows_none(annotation.__origin__)
    if get_origin(annotation) in (Union, UnionType):
        return any(map(allows_none, get_args(annotation)))
    return annotation in (None, type(None))


def _key(name: str, annotation: Any, said: str, indent: str = "") -> str:
    line = f'{indent}- "{name}" ({_kind(annotation)}): {said}'
    inner = _record(annotation)
    if inner is None:
        return line
    keys = [_key(each, f.annotation, f.description or each, f"{indent}  ") for each, f in inner.model_fields.items()]
    return "\n".join([f"{line}; the keys of an object:", *keys])


def _kind(annotation: Any) -> str:
    annotation = unwrapped(annotation)
    if get_origin(annotation) is list:
        (item,) = get_args(annotation)
        plural = {"text": "texts", "object": "objects"}.get(_kind(item), f"items, each {_kind(item)}")
        return f"list of {plural}"
    if get_origin(annotation) is Literal:
        return " or ".join(json.dumps(value) for value in get_args(annotation))
    return "object" if _record(annotation) else _KINDS.get(annotation, "text")


def _record(annotation: Any) -> type[BaseModel] | None:
    annotation = unwrapped(annotation)
    if get_origin(annotation) is list:
        return _record(get_args(annotation)[0])
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
