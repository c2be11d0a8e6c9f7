"""Answers in YAML, with block scalars for programs and test data (AlphaCodium, section 3.2, "YAML structured output").

Code in a block scalar needs no escapes, and one stray quote does not break the answer, unlike in JSON.
"""

from __future__ import annotations

import math
from typing import Any, get_args, get_origin

import dspy
import yaml
from pydantic import BaseModel

from program.adapters.form import description, holds_program, unwrapped
from program.adapters.reading import Reading
from program.adapters.sections import SectionsAdapter, plain
from program.adapters.yaml.keys import long_keys
from program.adapters.yaml.read import read_yaml

_NEEDS_ESCAPES = frozenset("\r\x85\u2028\u2029\ufeff")


class YAMLAdapter(SectionsAdapter):
    """A `dspy.Adapter` that asks for one fenced YAML block; the prompt layout is that of `LeanAdapter`."""

    def answer_form(self, signature: type[dspy.Signature]) -> str:
        long, fields = long_keys(signature), signature.output_fields.items()
        shown = "\n".join(_form(name, field.annotation, description(field), long) for name, field in fields)
        return f"Answer with YAML and nothing else, in this form:\n```yaml\n{shown}\n```"

    def format_assistant_message_content(
        self, signature: type[dspy.Signature], outputs: dict[str, Any], missing_field_message: str | None = None
    ) -> str:
        values = {}
        for name, field in signature.output_fields.items():
            value = plain(outputs.get(name, missing_field_message))
            values[name] = f"{value.strip()}\n" if holds_program(name, field.annotation) and value else value
        texts = _as_text(values, long_keys(signature))
        written = yaml.dump(texts, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)
        return f"```yaml\n{written}```"

    def read(self, signature: type[dspy.Signature], completion: str) -> Reading:
        return read_yaml(signature, completion)


def _form(name: str, annotation: Any, said: str, long: frozenset[str], indent: str = "") -> str:
    """The lines that show the form of one key."""
    kind = unwrapped(annotation)
    if get_origin(kind) is list:
        item = unwrapped(get_args(kind)[0])
        return f"{indent}{name}:\n{indent}- {_item(item, said, long, indent + '  ')}\n{indent}- …"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"{indent}{name}:\n{indent}  {_item(kind, said, long, indent + '  ')}"
    if name in long:
        return f"{indent}{name}: |\n{indent}  <{said}>"
    return f"{indent}{name}: <{said}>"


def _item(kind: Any, said: str, long: frozenset[str], indent: str) -> str:
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return f"<{said}>"
    fields = kind.model_fields.items()
    return "\n".join(_form(n, f.annotation, f.description or n, long, indent) for n, f in fields).strip()


def _as_text(value: Any, long: frozenset[str], name: str = "") -> Any:
    """The values as texts; long texts, and those of several lines, become block scalars."""
    match value:
        case dict():
            return {key: _as_text(item, long, key) for key, item in value.items()}
        case list():
            return [_as_text(item, long) for item in value]
        case None:
            return None
        case bool():
            return "true" if value else "false"
    return _Block(value) if name in long or "\n" in str(value) else str(value)


class _Block(str):
    """A text to be written as a block scalar, if possible."""


class _Dumper(yaml.SafeDumper):
    """Writes texts without quotes if they can be read without them: `yes` is never a boolean here."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  PyYAML's own way of saying it

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def analyze_scalar(self, scalar: str) -> yaml.emitter.ScalarAnalysis:
        analysis = super().analyze_scalar(scalar)
        # PyYAML refuses tabs and blanks at line ends, but a block scalar can contain them.
        analysis.allow_block = _fits_block(scalar)
        return analysis


def _fits_block(text: str) -> bool:
    if not text.strip() or any(sign in _NEEDS_ESCAPES for sign in text):
        return False
    return all(line.isprintable() for line in text.replace("\t", " ").split("\n"))


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if isinstance(text, _Block) and _fits_block(text) else None
    if style is None and (text in ("~", "null") or any(sign in _NEEDS_ESCAPES or sign == "\n" for sign in text)):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_nothing(dumper: yaml.SafeDumper, _: None) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", "null")


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Block, _represent_text)
_Dumper.add_representer(type(None), _represent_nothing)
