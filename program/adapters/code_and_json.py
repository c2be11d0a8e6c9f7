"""What an answer says: programs in fenced blocks, everything else as JSON.

It is read with tolerance (prose around, missing fences, truncated tails, single bad list items), and accepted only in
the declared types.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable
from typing import Any

import dspy
import json_repair

from program.adapters.fitting import fit_fields, form_texts, repeats_form
from program.adapters.reading import Reading

FENCE_INSIDE = "a fence inside"  # of a field that holds a program
_FILE = "<answer>"
# What the compiler thinks of a model's style is no business of ours.
warnings.filterwarnings("ignore", category=SyntaxWarning, module=_FILE)
warnings.filterwarnings("ignore", category=DeprecationWarning, module=_FILE)
_OPENING_FENCE = re.compile(r"^[ \t]*```[ \t]*([\w+-]*+)[^\n`]*+\n", re.MULTILINE)
_LAST_FENCE = re.compile(r"```[^\n`]*+\n*+\Z")
_PYTHON_NAMES = ("python", "python3", "py", "py3")
# Bounds on how many places of an answer are tried; a model that runs in circles writes thousands.
MAX_BRACES, MAX_FENCES, MAX_ENDS = 20, 12, 6
_PYTHON_LINE = re.compile(r"^(import |from \w+ import |def |class |for |while |if |print\(|\w[\w, ]* = )", re.MULTILINE)
_DECODER = json.JSONDecoder()


def read_code(signature: type[dspy.Signature], completion: str) -> Reading:
    """The last output field of `signature`, a program, in an answer; another field is the text before it.

    Raises:
        ValueError: there is no program.
    """
    *before, name = signature.output_fields
    text = completion.replace("\r\n", "\n")
    program = find_program(text)
    if repeats_form(program, form_texts(signature)):
        raise ValueError("no program in the answer: it only repeats the form")
    said = _LAST_FENCE.sub("", text[: text.find(program)]).strip() if before else ""
    values = {**dict.fromkeys(before, said), name: whole_lines(program)}
    if text.strip() == f"{said}\n```python\n{program.strip()}\n```".lstrip("\n"):
        return Reading(values)
    return Reading(values, ("text around the program" if "```" in text else "no fence",))


def whole_lines(program: str) -> str:
    """The program without empty lines around it, and with a line end."""
    return program.strip("\n") + "\n"


def find_program(text: str) -> str:
    """The program in an answer: the longest Python block, else the longest block, else what looks like code.

    Raises:
        ValueError: there is none.
    """
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


def unfenced(program: str) -> tuple[str, bool]:
    """A program that stood in a field of its own, without the fence it may have been put in, and whether it was.

    Raises:
        ValueError: there is no program in the fence.
    """
    if "```" not in program or is_python(program):
        return program, False
    return find_program(program), True


def _block_from(text: str, start: int) -> str:
    """The block from `start` on. A program may hold three back quotes: the first end that leaves Python is the end."""
    ends = [match.start() for match in re.finditer("```", text[start:])][:MAX_ENDS]
    blocks = [text[start : start + end] for end in ends] or [text[start:]]
    return next((block for block in blocks if block.strip() and is_python(block)), blocks[0])


def is_python(text: str) -> bool:
    """Whether the compiler takes it."""
    try:
        # Not `ast.parse`: in Python 3.11 two threads that build syntax trees at once can meet a SystemError.
        compile(text, _FILE, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def read_json(signature: type[dspy.Signature], completion: str) -> Reading:
    """The output fields of `signature` in the JSON of an answer, each of its declared type.

    Raises:
        ValueError: no JSON, or a field is missing or does not fit.
    """
    loaded, repairs = _find_object(completion, signature.output_fields)
    values, dropped = fit_fields(signature, loaded)
    return Reading(values, repairs, dropped)


def _find_object(text: str, names: Iterable[str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The first JSON object in `text` with one of the names, else the first one at all, and what it took to read it."""
    found: dict[str, Any] | None = None
    how: tuple[str, ...] = ()
    for brace in [match.start() for match in re.finditer(r"{", text)][:MAX_BRACES]:
        loaded, repairs = _load(text, brace)
        if isinstance(loaded, list):
            loaded = next((item for item in loaded if isinstance(item, dict)), None)
        if isinstance(loaded, dict):
            if any(name in loaded for name in names):
                return loaded, repairs
            if not found:
                found, how = loaded, repairs
    if found is None:
        raise ValueError("no JSON object in the answer")
    return found, how


def _load(text: str, start: int) -> tuple[Any, tuple[str, ...]]:
    """The JSON value at `start`, and what it took."""
    try:
        loaded, end = _DECODER.raw_decode(text, start)
    except ValueError:
        return json_repair.loads(text[start:]), ("JSON mended",)
    alone = not text[:start].strip() and not text[end:].strip()
    return loaded, () if alone else ("text around the JSON",)
