"""The possible keys of a YAML answer, and which of them have long texts, which are requested as block scalars."""

from __future__ import annotations

import math
import re
from typing import Any

import dspy

from program.adapters.fitting import records_in
from program.adapters.form import unwrapped
from program.undocumented import extras_of

SHORT = 200  # maximum length of a text on the line of its key, in characters


def known_keys(signature: type[dspy.Signature]) -> str:
    """A regular expression for the names of the output fields of `signature` and of the fields of their records."""
    return "(?:" + "|".join(map(re.escape, _fields(signature))) + ")"


def long_keys(signature: type[dspy.Signature]) -> frozenset[str]:
    """Those of these names that have long texts."""
    return frozenset(name for name, field in _fields(signature).items() if _is_long(field))


def _fields(signature: type[dspy.Signature]) -> dict[str, Any]:
    outputs = signature.output_fields
    records = [record for field in outputs.values() for record in records_in(field.annotation)]
    return {**{name: field for record in records for name, field in record.model_fields.items()}, **outputs}


def _is_long(field: Any) -> bool:
    return unwrapped(field.annotation) is str and extras_of(field).get("maxLength", math.inf) > SHORT
