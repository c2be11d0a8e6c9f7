"""The inputs and outputs of a program's predictors, as texts that can be stored and compared."""

from __future__ import annotations

from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

import dspy
from pydantic import BaseModel


def predictors_of(program: dspy.Module) -> dict[str, list[str]]:
    """The field names of every predictor, by the predictor's name; inputs come first."""
    return {name: list(cast(Any, predictor.signature).fields) for name, predictor in program.named_predictors()}


def types_of(program: dspy.Module) -> dict[str, dict[str, str]]:
    """The type of every field of every predictor, as text."""
    return {
        name: {field: type_name(each.annotation) for field, each in cast(Any, predictor.signature).fields.items()}
        for name, predictor in program.named_predictors()
    }


def type_name(annotation: Any) -> str:
    """A type without bounds and descriptions; records with their fields: `list[AITest(input: str, …)]`."""
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
