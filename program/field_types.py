"""Types of fields in words, so that an artifact can say what it was made for and be compared with the code."""

from __future__ import annotations

from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel


def type_name(annotation: Any) -> str:
    """A type without bounds and descriptions, records with their fields: `list[AITest(input: str, …)]`."""
    if hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    if get_origin(annotation) in (Union, UnionType):
        return " | ".join(type_name(each) for each in get_args(annotation))
    if get_origin(annotation) is not None:
        inner = ", ".join(type_name(each) for each in get_args(annotation))
        return f"{get_origin(annotation).__name__}[{inner}]"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = ", ".join(f"{name}: {type_name(each.annotation)}" for name, each in annotation.model_fields.items())
        return f"{annotation.__name__}({fields})"
    return "None" if annotation is type(None) else getattr(annotation, "__name__", str(annotation))
