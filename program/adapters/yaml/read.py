"""Reads an answer in YAML: unchanged or, if something remains unread, after repairs of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import dspy
import yaml

from program.adapters.code_and_json import read_answer, read_code, read_json
from program.adapters.fitting import fit_fields
from program.adapters.form import answers_with_code, holds_program
from program.adapters.reading import Reading
from program.adapters.yaml.document import Document
from program.adapters.yaml.keys import known_keys
from program.adapters.yaml.repairs import REPAIRS
from program.answers.fences import open_fence
from program.answers.syntax import is_python

_FORM = re.compile(r"\s*```yaml\n(?P<yaml>.*?\n)```\s*", re.DOTALL)


def read_yaml(signature: type[dspy.Signature], completion: str) -> Reading:
    """Read the output fields of `signature` from an answer in YAML; see `_read`."""
    return read_answer(signature, completion, partial(_read, signature))


def _read(signature: type[dspy.Signature], completion: str) -> Reading:
    """Read the output fields of `signature` from the YAML of an answer, each in its declared type.

    Uses the first version of the text that leaves nothing unread, else the one that leaves least.

    Raises:
        ValueError: there is no YAML, or a field is missing or does not fit.
    """
    fault: Exception | None = None
    best, least = None, 0
    end = "open" if open_fence(completion) else "doubtful"
    for text, repairs in _versions(completion.replace("\r\n", "\n"), known_keys(signature)):
        try:
            document = Document(text, signature)
            fitted = fit_fields(signature, document.values, end)
        except (yaml.YAMLError, OverflowError) as this:
            fault = fault or this
            continue
        except ValueError as this:  # more informative than "not YAML"
            fault = this
            continue
        doubts = fitted.dropped + document.unknown + _broken_programs(signature, fitted.values)
        if best is None or doubts < least:
            labels = (*repairs, *document.repairs, *fitted.repairs)
            best, least = Reading(fitted.values, labels, fitted.dropped, tuple(document.programs)), doubts
        if not least:
            break
    return best or _in_another_form(signature, completion, fault)


def _versions(text: str, keys: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The YAML in the requested form, then after each further repair."""
    form = _FORM.fullmatch(text)
    repairs: tuple[str, ...] = ()
    if form is not None:
        text = form["yaml"]
        yield text, repairs
    else:
        text, repairs = text + "\n", ("no fence",)
    for name, repair in REPAIRS.items():
        repaired = repair(text, keys)
        if repaired != text:
            text, repairs = repaired, (*repairs, name)
            yield text, repairs
        elif repairs == ("no fence",):
            yield text, repairs


def _broken_programs(signature: type[dspy.Signature], values: dict[str, Any]) -> int:
    programs = [name for name, field in signature.output_fields.items() if holds_program(name, field.annotation)]
    return sum(not is_python(values[name]) for name in programs)


def _in_another_form(signature: type[dspy.Signature], completion: str, fault: Exception | None) -> Reading:
    """The answer as a program in a fence or as JSON, which some models write whatever the prompt asks for."""
    said = ValueError(f"the YAML cannot be read: {_problem(fault)}")
    if re.search(rf"^[ \t]*{known_keys(signature)}[ \t]*:", completion, re.MULTILINE):
        raise said from fault
    try:
        reading = (read_code if answers_with_code(signature) else read_json)(signature, completion)
    except ValueError:
        raise said from fault
    return replace(reading, repairs=("no YAML", *reading.repairs))


def _problem(fault: Exception | None) -> str:
    if isinstance(fault, yaml.MarkedYAMLError) and fault.problem_mark:
        return f"{fault.problem} (line {fault.problem_mark.line + 1})"
    return str(fault or "it is empty")
