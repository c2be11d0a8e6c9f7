"""Answers may hold half characters (lone surrogates, which JSON can escape); nobody takes those back in a prompt."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def valid_text(value: Any) -> Any:
    """`value`, a text or a list or record of them, with a question mark for every half character."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode("utf-8")
        case list():
            return [valid_text(item) for item in value]
        case BaseModel():
            return value.model_copy(
                update={name: valid_text(getattr(value, name)) for name in type(value).model_fields}
            )
        case _:
            return value
