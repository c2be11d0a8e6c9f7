"""Reads a YAML document by the types of the fields.

Every scalar is read as the text it was written as (`yes`, `1e5`, dates). If the field is a text and YAML sees structure
(`- Goal: print n`), the text is used as it was written.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, get_args, get_origin

import dspy
import yaml
from pydantic import BaseModel

from program.adapters.code_and_json import FENCE_INSIDE, unfenced
from program.adapters.form import allows_none, holds_program, unwrapped
from program.adapters.yaml.keys import long_keys
from program.adapters.yaml.loader import compose
from program.answers.programs import FoundProgram, whole_lines
from program.answers.syntax import is_python

_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+(.*)$", re.MULTILINE)
_NOTHING = ("", "~", "null")


class Document:
    """The fields of `signature` in a YAML text, not yet validated.

    Attributes:
        values: by output field.
        repairs: descriptions of what was ignored or repaired.
        programs: the readings of the program, if it was in its own fence.
        unknown: the number of top-level keys that the signature does not have.

    Raises:
        yaml.YAMLError, ValueError, OverflowError: the text is not YAML, or is empty.
    """

    def __init__(self, text: str, signature: type[dspy.Signature]) -> None:
        self.repairs: list[str] = []
        self.unknown = 0
        self.values: dict[str, Any] = {}
        self.programs: list[FoundProgram] = []
        self._fields = signature.output_fields
        self._text = text
        self._long = long_keys(signature)
        root = compose(text)
        if root is None:
            raise ValueError("it is empty")
        self._fill(root, {name: field.annotation for name, field in signature.output_fields.items()})

    def _fill(self, root: yaml.Node, kinds: dict[str, Any]) -> None:
        for key, node in self._pairs(root, kinds):
            if key not in kinds:
                self.unknown += 1
                continue
            value, before = self._field(key, node, kinds[key]), self.values.get(key)
            if key in self.values:
                self.repairs.append("a key twice")
            self.values[key] = before + value if isinstance(before, list) and isinstance(value, list) else value
        if not self.values and len(kinds) == 1:
            ((name, annotation),) = kinds.items()
            if self._stands_alone(root, name, annotation):
                self.repairs.append("no key")
                self.unknown = 0
                self.values[name] = self._field(name, root, annotation)

    def _stands_alone(self, root: yaml.Node, name: str, annotation: Any) -> bool:
        """Whether a value without a key can only belong to the single output field."""
        kind = unwrapped(annotation)
        if get_origin(kind) is not list:
            return isinstance(root, yaml.ScalarNode) and not holds_program(name, annotation)
        item = unwrapped(get_args(kind)[0])
        record = _is_record(item) and any(key in item.model_fields for key, _ in self._pairs(root, item.model_fields))
        return isinstance(root, yaml.SequenceNode) or record

    def _field(self, name: str, node: yaml.Node, annotation: Any) -> Any:
        value = self._value(node, annotation, name)
        return self._program(value, self._fields[name]) if holds_program(name, annotation) else value

    def _value(self, node: yaml.Node, annotation: Any, name: str = "") -> Any:
        plain = isinstance(node, yaml.ScalarNode) and not node.style
        if plain and node.value in _NOTHING and allows_none(annotation):
            return None
        kind = unwrapped(annotation)
        if get_origin(kind) is list:
            return self._list(node, get_args(kind)[0])
        if _is_record(kind):
            return next(self._records(node, kind), None)
        return self._words(node, name)

    def _list(self, node: yaml.Node, item: Any) -> list[Any]:
        match node:
            case yaml.SequenceNode() if _is_record(unwrapped(item)):
                return [record for each in node.value for record in self._records(each, unwrapped(item))]
            case yaml.SequenceNode():
                return [self._value(each, item) for each in node.value]
        self.repairs.append("no list")
        match node:
            case yaml.MappingNode() if _is_record(kind := unwrapped(item)):
                one = any(key in kind.model_fields for key, _ in self._pairs(node, kind.model_fields))
                nodes = [node] if one else [value for _, value in node.value]
                return [record for each in nodes for record in self._records(each, kind)]
            case yaml.MappingNode():
                return [self._written(key, value) for key, value in node.value]
        return [bullet.strip() for bullet in _BULLET.findall(self._words(node))]

    def _records(self, node: yaml.Node, kind: type[BaseModel]) -> Iterator[Any]:
        """The records in a list item: more than one if the dash between them is missing."""
        if not isinstance(node, yaml.MappingNode):
            yield self._words(node)
            return
        record: dict[str, Any] = {}
        for key, value in self._pairs(node, kind.model_fields):
            if key in record:
                self.repairs.append("a dash forgotten")
                yield record
                record = {}
            field = kind.model_fields.get(key)
            record[key] = self._value(value, field.annotation if field else str, key)
        yield record

    def _pairs(self, node: yaml.Node, names: Iterable[str]) -> Iterator[tuple[str, yaml.Node]]:
        """Keys and values of a mapping, if it is one. A variant (`Why it works`) counts as the field's name."""
        for key_node, value in node.value if isinstance(node, yaml.MappingNode) else ():
            written = self._written(key_node)
            key = re.sub(r"[\s-]+", "_", written.strip("\"'*").lower())
            if written not in names and key in names:
                self.repairs.append("a key in other letters")
                written = key
            yield written, value

    def _words(self, node: yaml.Node, name: str = "") -> str:
        """The text of a node: its value or, if YAML would change or cut it, the written text."""
        if not isinstance(node, yaml.ScalarNode):
            self.repairs.append("structure where text is asked for")
            return self._written(node)
        if node.style:
            return node.value
        if name in self._long and node.start_mark.line != node.end_mark.line:
            self.repairs.append("lines without a block")
            indent = " " * node.start_mark.column
            return textwrap.dedent(indent + self._written(node)) + "\n"
        rest = re.match(r"[ \t]+#[^\n]*", self._text[node.end_mark.index :])
        if rest:
            self.repairs.append("a comment")
        return node.value + (rest.group().rstrip() if rest else "")

    def _written(self, first: yaml.Node, last: yaml.Node | None = None) -> str:
        return self._text[first.start_mark.index : (last or first).end_mark.index].strip()

    def _program(self, text: Any, field: Any) -> str:
        """A program, without a fence or indentation inside its block."""
        programs, fenced = unfenced(str(text), field)
        program = programs[0].code
        if fenced:
            self.repairs.append(FENCE_INSIDE)
            self.programs = programs
        if not is_python(program) and is_python(program_at_margin(program)):
            self.repairs.append("lines at another margin")
            program = program_at_margin(program)
        return whole_lines(program)


def program_at_margin(text: str) -> str:
    """Move the first lines of a program to the margin if the later lines are there: a common error in blocks."""
    lines = text.strip("\n").split("\n")
    first = len(lines[0]) - len(lines[0].lstrip(" "))
    margin = " " * first
    moved = next((n for n, line in enumerate(lines) if line.strip() and not line.startswith(margin)), len(lines))
    return "\n".join([line[first:] for line in lines[:moved]] + lines[moved:]) + "\n"


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
