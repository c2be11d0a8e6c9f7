"""Fits the values in an answer to the declared types, or rejects them.

A value of another type is converted if its meaning is plain (`program.answers.coercions`); this is recorded. Items of a
list that do not fit are dropped. Items that only repeat the words of the answer form are not answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

import dspy
from pydantic import BaseModel, TypeAdapter, ValidationError

from program.adapters.form import allows_none, description, holds_program, unwrapped
from program.answers.coercions import (
    FIELD_LEFT_OUT,
    LINES_FOR_TEXT,
    OBJECT_FOR_LIST,
    OBJECT_FOR_TEXT,
    OTHER_KEY,
    TEXT_FOR_LIST,
    TORN_RECORD,
    VALUE_FOR_LITERAL,
    arguments_text,
    list_from_object,
    list_from_text,
    normalized,
    text_from_lines,
    text_from_object,
    with_known_keys,
)
from program.answers.latex import LATEX, with_latex
from signatures.fields import LITERAL

_DOTS = ("…", "...")  # how models write "and so on"
# Fields with literal data, where a tab is a tab and lines may be in a list.
_DATA = ("input", "output")


@dataclass
class Fitted:
    """The fields of an answer in their declared types.

    values: by name. dropped: the number of dropped list items. repairs: the conversions, without duplicates.
    """

    values: dict[str, Any] = field(default_factory=dict)
    dropped: int = 0
    repairs: list[str] = field(default_factory=list)

    def note(self, label: str) -> None:
        if label not in self.repairs:
            self.repairs.append(label)


# The last record of a list: known to be complete; doubtful: possibly cut off, if it lacks fields that others have; or
# certainly cut off, if it lacks any field.
End = Literal["whole", "doubtful", "open"]


def fit_fields(signature: type[dspy.Signature], found: dict[str, Any], end: End = "whole") -> Fitted:
    """Fit the output fields of `signature` in `found` to their declared types.

    Raises:
        ValueError: a field is missing, does not fit, or only repeats the form.
    """
    texts = form_texts(signature)
    fitted = Fitted()
    found, other_keys = with_known_keys(found, signature.output_fields)
    if other_keys:
        fitted.note(OTHER_KEY)
    for name, output in signature.output_fields.items():
        if name in found:
            value = found[name] if holds_program(name, output.annotation) else _coerced(found[name], output, fitted)
            fitted.values[name] = _fit(value, output.annotation, name, texts, fitted)
            if end != "whole":
                _drop_torn(fitted, name, end)
        elif not output.is_required():
            fitted.values[name] = output.get_default(call_default_factory=True)
        elif allows_none(output.annotation):
            fitted.values[name] = None
        else:
            raise ValueError(f"field {name} is missing")
    return fitted


def drop_torn(items: list[Any], end: End = "doubtful") -> bool:
    """Drop the last record of a list if it seems to be cut off: it lacks optional fields.

    Returns:
        Whether it was dropped.
    """
    if not items or not isinstance(items[-1], BaseModel):
        return False
    *others, last = items
    missing = type(last).model_fields.keys() - last.model_fields_set
    torn = missing if end == "open" else {name for name in missing if all(name in o.model_fields_set for o in others)}
    if not torn or (end == "doubtful" and not others):
        return False
    items.pop()
    return True


def _drop_torn(fitted: Fitted, name: str, end: End) -> None:
    if isinstance(fitted.values[name], list) and drop_torn(fitted.values[name], end):
        fitted.note(TORN_RECORD)
        fitted.dropped += 1
        if not fitted.values[name]:
            raise ValueError(f"no item of {name} is whole")


def _coerced(value: Any, output: Any, fitted: Fitted) -> Any:
    """The value converted to the field's type if its meaning is plain; else unchanged."""
    kind = unwrapped(output.annotation)
    if get_origin(kind) is not list:
        if LITERAL in description(output) and not isinstance(value, str):
            fitted.note(VALUE_FOR_LITERAL)
            return repr(value)
        if kind is str and isinstance(value, list) and (text := text_from_lines(value)) is not None:
            fitted.note(LINES_FOR_TEXT)
            value = text
        return _prose(value, fitted)
    item = unwrapped(get_args(kind)[0])
    record = item if isinstance(item, type) and issubclass(item, BaseModel) else None
    value = _list(value, record, item is str, fitted)
    if not isinstance(value, list):
        return value
    if record is not None:
        return [_record(each, record, fitted) for each in value]
    return [_prose(_text(each, fitted), fitted) for each in value] if item is str else value


def _list(value: Any, record: type[BaseModel] | None, texts: bool, fitted: Fitted) -> Any:
    match value:
        case str() if (found := list_from_text(value)) is not None and (texts or isinstance(found[0], dict)):
            fitted.note(TEXT_FOR_LIST)
            return found
        case dict() if record is not None:
            known, _ = with_known_keys(value, record.model_fields)
            fitted.note(OBJECT_FOR_LIST)
            if any(name in known for name in record.model_fields):
                return [value]
            named = "name" in record.model_fields
            return [{"name": key, **each} if named and isinstance(each, dict) else each for key, each in value.items()]
        case dict() if texts and (found := list_from_object(value)) is not None:
            fitted.note(OBJECT_FOR_LIST)
            return found
        case [*parts] if (
            texts
            and parts
            and all(isinstance(part, list) and part and all(isinstance(each, str) for each in part) for part in parts)
        ):
            fitted.note(OBJECT_FOR_LIST)
            return [each for part in parts for each in part]
    return value


def _text(value: Any, fitted: Fitted) -> Any:
    if isinstance(value, dict) and (text := text_from_object(value)) is not None:
        fitted.note(OBJECT_FOR_TEXT)
        return text
    return value


def _record(value: Any, kind: type[BaseModel], fitted: Fitted) -> Any:
    if not isinstance(value, dict):
        return value
    value, other_keys = with_known_keys(value, kind.model_fields)
    if other_keys:
        fitted.note(OTHER_KEY)
    if any(name not in value for name in kind.model_fields):
        fitted.note(FIELD_LEFT_OUT)
    record = {}
    for name, each in value.items():
        of_texts = name in kind.model_fields and unwrapped(kind.model_fields[name].annotation) is str
        if of_texts and not isinstance(each, str) and LITERAL in (kind.model_fields[name].description or ""):
            fitted.note(VALUE_FOR_LITERAL)
            record[name] = arguments_text(each) if name == "input" else repr(each)
            continue
        if of_texts and isinstance(each, list) and (text := text_from_lines(each)) is not None:
            fitted.note(LINES_FOR_TEXT)
            each = text
        if of_texts and each is None and not kind.model_fields[name].is_required():
            fitted.note(FIELD_LEFT_OUT)
            continue
        record[name] = each if name in _DATA else _prose(each, fitted)
    return record


def _prose(value: Any, fitted: Fitted) -> Any:
    if isinstance(value, str) and (restored := with_latex(value)) != value:
        fitted.note(LATEX)
        return restored
    return value


def _fit(value: Any, annotation: Any, name: str, texts: frozenset[str], fitted: Fitted) -> Any:
    if get_origin(annotation) is list and isinstance(value, list):
        item_type = TypeAdapter(annotation.__args__[0])
        fitting = [item for item in (_validated(item_type, item) for item in value) if item is not None]
        if not fitting:
            raise ValueError(f"no item of {name} fits its type")
        items = [item for item in fitting if not repeats_form(item, texts)]
        if not items:
            raise ValueError(f"{name} only repeats the form of the answer")
        fitted.dropped += len(value) - len(items)
        return items
    found = _validated(TypeAdapter(annotation), value)
    if found is None and not (value is None and allows_none(annotation)):
        raise ValueError(f"{name} does not fit its type")
    if repeats_form(found, texts):
        raise ValueError(f"{name} only repeats the form of the answer")
    return found


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
    """The stand-in words in the displayed form of an answer, in the form that `repeats_form` compares."""
    texts = {*_DOTS}
    for output in signature.output_fields.values():
        texts.add(_bare(description(output)))
        for record in records_in(output.annotation):
            texts.update(_bare(inner.description or "") for inner in record.model_fields.values())
    return frozenset(texts - {""})


def repeats_form(value: Any, texts: frozenset[str]) -> bool:
    """Whether a text, or every text of a record, is copied from the form.

    Small models sometimes copy the form from the prompt as their answer.
    """
    if isinstance(value, str):
        return _bare(value) in texts
    if isinstance(value, BaseModel):
        held = [getattr(value, name) for name in type(value).model_fields]
        shown = [each for each in held if each != ""]
        # Three dots alone may be test data; with a description next to them they are not.
        described = any(isinstance(each, str) and _bare(each) not in _DOTS for each in shown)
        return described and all(isinstance(each, str) and repeats_form(each, texts) for each in shown)
    return False


def records_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The record types in an annotation, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for inner in annotation.model_fields.values():
            yield from records_in(inner.annotation)
    for argument in get_args(annotation):
        yield from records_in(argument)


def _bare(text: str) -> str:
    return normalized(text).strip("<>")
