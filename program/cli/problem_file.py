"""Reads a problem from a file or standard input: the statement as text, Markdown or HTML, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from program.errors import UserError, first_error
from program.input_files import decoded, json_value, read_bytes, read_stream
from program.problem import Problem, PublicTest, seconds_of
from program.statement import examples_in, memory_in, seconds_in

STANDARD_INPUT = "-"
DESCRIPTION_KEYS = ("description", "statement")
TEST_KEYS = ("public_tests", "tests", "examples")
SIDES = (("input", "output"), ("inputs", "outputs"))
JSON_HELP = (
    '{"description", "public_tests"} and, if known, "name", "time_limit" in seconds, "memory_limit_bytes"; tests are '
    '[["1 2", "3"], …], [{"input": "1 2", "output": "3"}, …] or {"input": ["1 2", …], "output": ["3", …]}'
)


class ProblemError(UserError):
    """The problem cannot be read; the one-line message says why."""


def read_problem(source: str) -> Problem:
    """The problem in a file, or on standard input if `source` is `-`.

    Every `.json` file, and text that starts with `{` or `[`, is JSON (see `JSON_HELP`); all other text is a statement.
    Tests and limits that are missing in JSON are searched in its statement.

    Raises:
        InputError: the input cannot be read.
        ProblemError: it is not a problem.
    """
    name = "standard input" if source == STANDARD_INPUT else source
    text = decoded(_standard_input() if source == STANDARD_INPUT else read_bytes(Path(source)), name)
    if not text.strip():
        raise ProblemError(f"{name} is not a problem: it is empty")
    if (lines := _objects(text)) > 1:
        raise ProblemError(f"{name} has {lines} problems, one per line; use eval.run")
    is_json = _is_json(source, text)
    loaded = json_value(text, name) if is_json else None
    try:
        return _from_json(loaded) if is_json else _from_statement(text)
    except ValidationError as fault:
        raise ProblemError(f"{name} is not a problem: {first_error(fault, Problem)}") from fault
    except (ValueError, KeyError, TypeError) as fault:
        raise ProblemError(f"{name} is not a problem: {fault}; JSON has the form {JSON_HELP}") from fault


def _objects(text: str) -> int:
    """The number of lines if every line is a JSON object, else 0."""
    lines = [line for line in text.splitlines() if line.strip()]
    return len(lines) if all(map(_is_object, lines)) else 0


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _standard_input() -> bytes:
    return read_stream(sys.stdin.buffer, "standard input") if sys.stdin else b""


def _is_json(source: str, text: str) -> bool:
    if source.lower().endswith(".json"):
        return True
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False  # a statement that starts with a bracket
    except RecursionError:
        return True  # parsing it again reports the error
    return True


def _from_statement(text: str, name: str = "") -> Problem:
    problem = Problem.from_text(text, examples_in(text), name)
    limits = {"seconds": seconds_in(text), "memory_bytes": memory_in(text)}
    return Problem.model_validate({**problem.model_dump(), **limits})


def _from_json(loaded: Any) -> Problem:
    if isinstance(loaded, list) and len(loaded) == 1:
        loaded = loaded[0]
    if not isinstance(loaded, Mapping):
        several = isinstance(loaded, list)
        raise ValueError(f"it contains {len(loaded)} problems; use eval.run" if several else "it is not an object")
    description = next((loaded[key] for key in DESCRIPTION_KEYS if loaded.get(key)), None)
    if not isinstance(description, str):
        raise ValueError("it has no description")
    problem = _from_statement(description, str(loaded.get("name") or ""))
    given: dict[str, Any] = {
        "seconds": _seconds(loaded.get("time_limit")),
        "memory_bytes": loaded.get("memory_limit_bytes") or None,
        "public_tests": next((_tests(key, loaded[key]) for key in TEST_KEYS if loaded.get(key)), None),
    }
    known = {key: value for key, value in given.items() if value is not None}
    return Problem.model_validate({**problem.model_dump(), **known})


def _seconds(limit: Any) -> float | None:
    named = seconds_in(f"time limit: {limit}") if isinstance(limit, str) else None
    try:
        return named or seconds_of(limit)
    except (KeyError, TypeError, ValueError) as fault:
        raise ValueError(f"time_limit {limit!r} is not a number of seconds") from fault


def _tests(key: str, given: Any) -> tuple[PublicTest, ...] | None:
    """The tests under a JSON key, in any of their forms; None if there are none."""
    if isinstance(given, Mapping):
        sides = next((names for names in SIDES if names[0] in given and names[1] in given), None)
        if sides is None:
            raise ValueError(f"{key} has no input and output")
        inputs, outputs = ([each] if isinstance(each, str) else each for each in map(given.__getitem__, sides))
        if not isinstance(inputs, list) or not isinstance(outputs, list) or len(inputs) != len(outputs):
            raise ValueError(f"{key} needs as many outputs as inputs")
        given = list(zip(inputs, outputs, strict=True))
    if not isinstance(given, list):
        raise ValueError(f"{key} is not a list")
    return tuple(_test(f"{key}[{place}]", each) for place, each in enumerate(given)) or None


def _test(where: str, given: Any) -> PublicTest:
    pair = [given.get(side) for side in SIDES[0]] if isinstance(given, Mapping) else given
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise ValueError(f"{where} is not a pair of input and output")
    return PublicTest(input=_text(where, pair[0]), output=_text(where, pair[1]))


def _text(where: str, given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError(f"{where}: input and output must be texts")
    return str(given)
