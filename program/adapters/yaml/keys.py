"""The keys an answer in YAML may have, and which of them hold long texts: those are asked for as block scalars."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, cast

import dspy

from program.adapters.fitting import records_in
from program.adapters.form import unwrapped

SHORT = 200  # characters a text may have at most to be written in its key's line


@dataclass(frozen=True)
class Keys:
    """fields: at the top level; inner: in records; long: of all these, the ones with long texts."""

    fields: tuple[str, ...]
    inner: tuple[str, ...] = ()
    long: frozenset[str] = frozenset()

    def pattern(self) -> str:
        """A regular expression for any of them."""
        return "(?:" + "|".join(re.escape(name) for name in (*self.fields, *self.inner)) + ")"


def keys_of(signature: type[dspy.Signature]) -> Keys:
    """The keys of the output fields of `signature` and of their records."""
    outputs = signature.output_fields
    records = [record for field in outputs.values() for record in records_in(field.annotation)]
    inner = {name: field for record in records for name, field in record.model_fields.items()}
    long = {name for name, field in {**inner, **outputs}.items() if _is_long(field)}
    return Keys(tuple(outputs), tuple(inner), frozenset(long))


def _is_long(field: Any) -> bool:
    bounds = cast(dict[str, Any], field.json_schema_extra or {})
    return unwrapped(field.annotation) is str and bounds.get("maxLength", math.inf) > SHORT
