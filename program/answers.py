"""What an answer says.

It is read with tolerance (prose around, missing fences, truncated tails, single bad list items), and accepted only in
the declared types.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from typing import Any, get_origin

import dspy
import json_repair
from pydantic import TypeAdapter, ValidationError

_FILE = "<answer>"
# What the compiler thinks of a model's style is no business of ours.
warnings.filterwarnings("ignore", category=SyntaxWarning, module=_FILE)
warnings.filterwarnings("ignore", category=DeprecationWarning, module=_FILE)
_OPENING_FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+-]*)[^\n`]*\n", re.MULTILINE)
_PYTHON_NAMES = ("python", "python3", "py", "py3")
# Bounds on how many places of an answer are tried; a model that runs in circles writes thousands.
MAX_BRACES, MAX_FENCES, MAX_ENDS = 20, 12, 6
_PYTHON_LINE = re.compile(r"^(import |from \w+ import |def |class |for |while |if |print\(|\w[\w, ]* = )", re.MULTILINE)


def read_code(signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
    """The one output field of `signature`, a program, in an answer.

    Raises:
        ValueError: there is none.
    """
    (name,) = signature.output_fields
    return {name: _find_program(completion.replace("\r\n", "\n")).strip("\n") + "\n"}


def _find_program(text: str) -> str:
    """The program in an answer: the longest Python block, else the longest block, else what looks like code."""
    fences = list(_OPENING_FENCE.finditer(text))[:MAX_FENCES]
    for names in (_PYTHON_NAMES, ("",), None):  # a block said to be Python goes before one without a name, and so on
        chosen = [fence for fence in fences if names is None or fence.group(1).lower() in names]
        blocks = [_block_from(text, fence.end()) for fence in chosen]
        if any(block.strip() for block in blocks):
            return max(blocks, key=len)
    bare = text.strip().removesuffix("```").rstrip()
    if is_python(bare) and ("(" in bare or "=" in bare):
        return bare
    first = _PYTHON_LINE.search(bare)
    if first is None:
        raise ValueError("no program in the answer")
    return bare[first.start() :]


def _block_from(text: str, start: int) -> str:
    """The block from `start` on. A program may hold three back quotes: the first end that leaves Python is the end."""
    ends = [match.start() for match in re.finditer("```", text[start:])][:MAX_ENDS]
    blocks = [text[start : start + end] for end in ends] or [text[start:]]
    return next((block for block in blocks if block.strip() and is_python(block)), blocks[0])


def is_python(text: str) -> bool:
    try:
        # Not `ast.parse`: in Python 3.11 two threads that build syntax trees at once can meet a SystemError.
        compile(text, _FILE, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def read_json(signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
    """The output fields of `signature` in the JSON of an answer, each of its declared type.

    Raises:
        ValueError: no JSON, or a field is missing or does not fit.
    """
    loaded = _find_object(completion, signature.output_fields)
    if loaded is None:
        raise ValueError("no JSON object in the answer")
    values = {}
    for name, field in signature.output_fields.items():
        if name not in loaded:
            raise ValueError(f"field {name} is missing")
        values[name] = _fit(loaded[name], field.annotation, name)
    return values


def _find_object(text: str, names: Iterable[str]) -> dict[str, Any] | None:
    """The first JSON object in `text` with one of the names, else the first one at all."""
    found = None
    for brace in [match.start() for match in re.finditer(r"{", text)][:MAX_BRACES]:
        loaded = json_repair.loads(text[brace:])
        if isinstance(loaded, list):
            loaded = next((item for item in loaded if isinstance(item, dict)), None)
        if isinstance(loaded, dict):
            if any(name in loaded for name in names):
                return loaded
            found = found or loaded
    return found


def _fit(value: Any, annotation: Any, name: str) -> Any:
    """`value` as the declared type; of a list, the items that fit."""
    if get_origin(annotation) is list and isinstance(value, list):
        item_type = TypeAdapter(annotation.__args__[0])
        items = [item for item in (_validated(item_type, item) for item in value) if item is not None]
        if not items:
            raise ValueError(f"no item of {name} fits its type")
        return items
    fitted = _validated(TypeAdapter(annotation), value)
    if fitted is None:
        raise ValueError(f"{name} does not fit its type")
    return fitted


def _validated(kind: TypeAdapter, value: Any) -> Any:
    if isinstance(value, int | float):
        value = str(value)
    try:
        return kind.validate_python(value)
    except ValidationError:
        return None
