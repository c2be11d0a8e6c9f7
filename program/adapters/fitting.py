"""Strict in what is accepted: what was found in an answer becomes the declared types, or is refused.

Of a list the items that fit are kept. Items that only repeat the words of the answer form are no answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import dspy
from pydantic import BaseModel, TypeAdapter, ValidationError

from program.adapters.form import allows_none, description

_DOTS = ("…", "...")  # how models write that there would be more


def fit_fields(signature: type[dspy.Signature], found: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """The output fields of `signature` in `found`, each of its declared type, and how many list items were dropped.

    Raises:
        ValueError: a field is missing, does not fit, or only repeats the form.
    """
    texts = form_texts(signature)
    values, dropped = {}, 0
    for name, field in signature.output_fields.items():
        if name in found:
            values[name], lost = _fit(found[name], field.annotation, name, texts)
            dropped += lost
        elif not field.is_required():
            values[name] = field.get_default(call_default_factory=True)
        elif allows_none(field.annotation):
            values[name] = None
        else:
            raise ValueError(f"field {name} is missing")
    return values, dropped


def _fit(value: Any, annotation: Any, name: str, texts: frozenset[str]) -> tuple[Any, int]:
    if get_origin(annotation) is list and isinstance(value, list):
        item_type = TypeAdapter(annotation.__args__[0])
        fitting = [item for item in (_validated(item_type, item) for item in value) if item is not None]
        if not fitting:
            raise ValueError(f"no item of {name} fits its type")
        items = [item for item in fitting if not repeats_form(item, texts)]
        if not items:
            raise ValueError(f"{name} only repeats the form of the answer")
        return items, len(value) - len(items)
    fitted = _validated(TypeAdapter(annotation), value)
    if fitted is None and not (value is None and allows_none(annotation)):
        raise ValueError(f"{name} does not fit its type")
    if repeats_form(fitted, texts):
        raise ValueError(f"{name} only repeats the form of the answer")
    return fitted, 0


def _validated(kind: TypeAdapter, value: Any) -> Any:
    if isinstance(value, int | float):
        try:
            return kind.validate_python(str(value))
        except ValidationError:
            pass
    try:
        return kind.validate_python(value)
    except ValidationError:
        return None


def form_texts(signature: type[dspy.Signature]) -> frozenset[str]:
    """The words that stand for values where the form of an answer is shown, as `repeats_form` compares them."""
    texts = {*_DOTS}
    for field in signature.output_fields.values():
        texts.add(_bare(description(field)))
        for record in records_in(field.annotation):
            texts.update(_bare(inner.description or "") for inner in record.model_fields.values())
    return frozenset(texts - {""})


def repeats_form(value: Any, texts: frozenset[str]) -> bool:
    """Whether a text, or every text of a record, is one of the form's.

    Small models copy the form they are shown and take that for an answer.
    """
    if isinstance(value, str):
        return _bare(value) in texts
    if isinstance(value, BaseModel):
        held = [getattr(value, name) for name in type(value).model_fields]
        shown = [each for each in held if each != ""]
        # Three dots alone may be a test's data; with a description beside them they are not.
        described = any(isinstance(each, str) and _bare(each) not in _DOTS for each in shown)
        return described and all(isinstance(each, str) and repeats_form(each, texts) for each in shown)
    return False


def records_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The record types an annotation names, at whatever depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from records_in(field.annotation)
    for argument in get_args(annotation):
        yield from records_in(argument)


def _bare(text: str) -> str:
    return " ".join(text.lower().split()).strip("<>")
