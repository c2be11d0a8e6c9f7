"""Reads answers: programs in fenced blocks, everything else as JSON.

Reading is tolerant (`program.answers`), but only values of the declared types are accepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Any, get_args, get_origin

import dspy
import json_repair
from pydantic import BaseModel

from program.adapters.fitting import fit_fields, form_texts, repeats_form
from program.adapters.form import unwrapped
from program.adapters.reading import Reading
from program.answers.claims import refuses
from program.answers.coercions import BARE_LIST, BARE_RECORD, NO_JSON, WRAPPED, listed_points, unwrapped_object
from program.answers.programs import NO_FENCE, FoundProgram, programs_in
from program.answers.syntax import is_python
from program.answers.thoughts import Split, split_text
from program.answers.tolerant_json import Decoded, broken_values_in, values_in
from program.answers.unreadable import NoAnswer
from program.undocumented import extras_of

FENCE_INSIDE = "a fence inside"  # of a field with a program
AROUND_PROGRAM, AROUND_JSON = "text around the program", "text around the JSON"
JSON_MENDED = "JSON mended"
_FENCE_BEFORE = re.compile(r"(?:```|~~~)[^\n`]*+\n*+\Z")
# Limits for the library that repairs JSON: the number of places to try, and the nesting depth. The library is slow.
MAX_GUESSES, MAX_NESTING = 20, 60
_ENDED = re.compile(r"[}\]][\s`~]*\Z")
# Long test data written as a Python expression; the library would only take its first text.
_EXPRESSION = re.compile(r"""(?<!\\)["')]\s*[*+]\s*(?:["'(\d]|str\()""")


def read_answer(signature: type[dspy.Signature], completion: str, read: Callable[[str], Reading]) -> Reading:
    """Apply `read` to an answer without its thought.

    Raises:
        NoAnswer: nothing can be read; `kind` is the reason.
        ValueError: other errors of `read`.
    """
    split = split_text(completion, signature.output_fields)
    try:
        reading = read(split.said)
    except ValueError as fault:
        if said := no_answer(split, str(fault)):
            raise said from fault
        raise
    return replace(reading, thought=split.thought)


def no_answer(split: Split, said: str) -> NoAnswer | None:
    """The reason why an unreadable answer is not an answer: cut off while thinking, empty, or declined.

    Args:
        split: the answer.
        said: why it cannot be read.
    """
    if split.cut:
        return NoAnswer("cut while thinking", f"{said}: it was cut off while thinking")
    if not split.said.strip():
        return NoAnswer("empty", said)
    return NoAnswer("refused", said) if refuses(split.said) else None


def read_code(signature: type[dspy.Signature], said: str) -> Reading:
    """Read the last output field of `signature`, a program; another field is the text before it.

    Raises:
        NoAnswer: there is no program, or it is not Python.
    """
    *before, name = signature.output_fields
    text = said.replace("\r\n", "\n")
    texts = form_texts(signature)
    programs = programs_in(text, (name,), **asked_of_program(signature.output_fields[name]))
    own = [program for program in programs if not repeats_form(program.code, texts)]
    if not own:
        raise NoAnswer("no program", "no program in the answer: it only repeats the form")
    best = own[0]
    words = _FENCE_BEFORE.sub("", text[: best.start]).strip() if before else ""
    values = {**dict.fromkeys(before, words), name: best.code}
    repairs = best.how
    if text.strip() != f"{words}\n```python\n{best.code.strip()}\n```".lstrip("\n") and NO_FENCE not in repairs:
        repairs = (AROUND_PROGRAM, *repairs)
    return Reading(values, repairs, programs=tuple(own), cut=best.cut)


def asked_of_program(field: Any) -> dict[str, Any]:
    """The requirements on a program in the signature, as arguments of `programs_in`."""
    said = extras_of(field)
    return {key: said[key] for key in ("reads_input", "entry_point") if key in said}


def unfenced(program: str, field: Any) -> tuple[list[FoundProgram], bool]:
    """The readings of a program from its own field, and whether it was in a fence there.

    Args:
        program: the text of the field.
        field: the field of the signature, with the requirements.

    Raises:
        NoAnswer: there is no program in the fence.
    """
    if not re.search("```|~~~", program) or is_python(program):
        return [FoundProgram(program)], False
    return programs_in(program, **asked_of_program(field)), True


def read_json(signature: type[dspy.Signature], said: str) -> Reading:
    """Read the output fields of `signature` from the JSON of an answer, each in its declared type.

    If several objects fit, the last one is used. Without JSON, a list of points may be enough.

    Raises:
        ValueError: there is no JSON, or a field is missing or does not fit.
    """
    fault: ValueError | None = None
    cut = False
    for found, repairs in _objects(signature, said):
        cut |= found.cut
        try:
            fitted = fit_fields(signature, found.value, "doubtful" if found.guessed else "whole")
        except ValueError as this:
            fault = fault or this
            continue
        every = tuple(dict.fromkeys((*repairs, *fitted.repairs)))
        return Reading(fitted.values, every, fitted.dropped + found.dropped, cut=found.cut)
    if cut:
        raise NoAnswer("cut", f"{fault}: it was cut off")
    if fault is None:
        raise NoAnswer("no JSON", "no JSON object in the answer")
    raise NoAnswer("does not fit", str(fault))


def _objects(signature: type[dspy.Signature], text: str) -> Iterator[tuple[Decoded, tuple[str, ...]]]:
    """Candidates for the requested object, the likeliest first, and how each was found."""
    names = tuple(signature.output_fields)
    proper = values_in(text)
    yield from _named(reversed(proper), names, lambda each: _around(text, each))
    broken = list(broken_values_in(text, proper))
    yield from _named(reversed(broken), names, lambda each: (JSON_MENDED, *each.labels))
    # A guess would take the start of an item that was cut off for the whole item.
    guessed = [] if _EXPRESSION.search(text) or not _ENDED.search(text) else list(_guesses(text, proper))
    yield from _named(guessed, names, lambda each: (JSON_MENDED,))
    if len(names) == 1:
        yield from _without_key(signature, [*proper, *broken], text)
    for each in proper or guessed or broken:
        if isinstance(each.value, dict):
            yield each, _around(text, each)
    points = _points(signature, text)
    if points:
        yield Decoded(points, 0, len(text)), (NO_JSON,)


def _named(
    values: Iterable[Decoded], names: tuple[str, ...], labels: Callable[[Decoded], tuple[str, ...]]
) -> Iterator[tuple[Decoded, tuple[str, ...]]]:
    for each in values:
        found, around = unwrapped_object(each.value, names)
        if found is not None:
            in_list = isinstance(each.value, list)
            yield replace(each, value=found), (*labels(each), *([WRAPPED] if around > in_list else []))


def _around(text: str, found: Decoded) -> tuple[str, ...]:
    alone = not text[: found.start].strip() and not text[found.end :].strip()
    return () if alone else (AROUND_JSON,)


def _guesses(text: str, proper: list[Decoded]) -> Iterator[Decoded]:
    depths = accumulate(1 if sign in "[{" else -1 for sign in re.findall(r"[\[\]{}]", text))
    if max(depths, default=0) > MAX_NESTING:
        return
    inside = [(each.start, each.end) for each in proper]
    places = [brace.start() for brace in re.finditer(r"""{(?=\s*["'\w])""", text)]
    places = [place for place in places if not any(start <= place < end for start, end in inside)]
    for place in places[:MAX_GUESSES]:
        try:
            value = json_repair.loads(text[place:])
        except (ValueError, RecursionError):  # nested too deeply
            continue
        if isinstance(value, dict | list):
            yield Decoded(value, place, len(text), guessed=True)


def _without_key(
    signature: type[dspy.Signature], values: list[Decoded], text: str
) -> Iterator[tuple[Decoded, tuple[str, ...]]]:
    """A list, or records, without a key, if the only output field is a list."""
    ((name, field),) = signature.output_fields.items()
    kind = unwrapped(field.annotation)
    if get_origin(kind) is not list:
        return
    item = unwrapped(get_args(kind)[0])
    wanted = dict if isinstance(item, type) and issubclass(item, BaseModel) else (str, dict)
    for each in reversed(values):
        items = each.value
        if isinstance(items, list) and items and all(isinstance(inner, wanted) for inner in items):
            yield replace(each, value={name: items}), (*_around(text, each), *each.labels, BARE_LIST)
    if wanted is dict:
        keys = [key for key, inner in item.model_fields.items() if inner.is_required()]
        records = [each for each in values if isinstance(each.value, dict) and all(key in each.value for key in keys)]
        if records:
            every = [each.value for each in records]
            dropped, cut = sum(each.dropped for each in records), any(each.cut for each in records)
            yield Decoded({name: every}, 0, len(text), (), dropped, cut), (AROUND_JSON, BARE_RECORD)


def _points(signature: type[dspy.Signature], text: str) -> dict[str, list[str]]:
    """The points of an answer without JSON: all of them for the only list, else those under the name of each list."""
    kinds = {name: unwrapped(field.annotation) for name, field in signature.output_fields.items()}
    if any(get_origin(kind) is not list or unwrapped(get_args(kind)[0]) is not str for kind in kinds.values()):
        return {}
    described = rf"""["']?(?:{"|".join(map(re.escape, kinds))})["']?\s*[(:]"""  # the form, copied
    if re.search(r"""[{\[]\s*["']\w+["']\s*[:,]""", text) or refuses(text):
        return {}
    if any(re.match(described, point) for point in listed_points(text)):
        return {}
    if len(kinds) == 1:
        points = listed_points(text)
        return {next(iter(kinds)): points} if points else {}
    heading = rf"^[ \t#*_]*(?:{'|'.join(map(re.escape, kinds))})[ \t*_]*:?[ \t*_]*$"
    parts = re.split(rf"({heading})", text, flags=re.MULTILINE | re.IGNORECASE)
    under = {
        re.sub(r"[\s#*:]|^_+|_+$", "", head).lower(): listed_points(body)
        for head, body in zip(parts[1::2], parts[2::2], strict=True)
    }
    return under if under.keys() == kinds.keys() and all(under.values()) else {}
