"""Calls of a function with values at the edges of their types, made from the public examples. They may be invalid."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from eval.data.layouts.calls import arguments_text
from judge.literals import arguments_of
from program.problem import Problem

_MOST = 120  # inputs of a problem
_ITEMS = 3  # of a container, whose own values are replaced too


def edge_inputs(problem: Problem) -> list[str]:
    """At most `_MOST` different inputs: calls of the public tests in which one value is replaced by an edge of its type
    (0, a negative number, an empty text or container, a repeated one); none for a program."""
    return list(islice(dict.fromkeys(_edges(problem)), _MOST)) if problem.function else []


def _edges(problem: Problem) -> Iterator[str]:
    for test in problem.public_tests:
        given, named = arguments_of(test.input)
        for place, value in enumerate(() if named else given):
            for other in _others(value):
                yield arguments_text([*given[:place], other, *given[place + 1 :]])


def _others(value: Any) -> Iterator[Any]:
    match value:
        case bool():
            yield not value
        case int():
            yield from (0, 1, -1, -value, 10 * value + 7)
        case float():
            yield from (0.0, -value, value + 0.5)
        case str():
            yield from ("", value[:1], value + value, value.upper(), f"{value} ", f" {value}")
        case list() | tuple():
            kind = type(value)
            yield from (kind(), value[:1], value[::-1], kind([*value, *value]))
            for place, item in enumerate(value[:_ITEMS]):
                for other in _others(item):
                    yield kind([*value[:place], other, *value[place + 1 :]])
        case dict():
            yield from ({}, dict(islice(value.items(), 1)))
