"""Repairs of common errors in YAML; each is a function from the text of an answer to a better text.

A repair does not change the meaning of valid YAML. `keys` is a regular expression for the possible keys. These three
repairs are worth having: of 254 YAML answers of two small models (`runs/adapters-*`), 195 can be read without repairs
and 239 with them. Answers that remain unreadable cost one more call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import yaml

from program.adapters.yaml.lines import Line, depth_of, joined, lines_of
from program.adapters.yaml.loader import compose

_FENCE = re.compile(r"^([ \t]*)```[ \t]*([\w+-]*)[^\n`]*$", re.MULTILINE)


def without_surroundings(text: str, keys: str) -> str:
    """Remove words and fences around the YAML; a fence that is not closed ends with the text."""
    for opening in _FENCE.finditer(text):
        start = min(opening.end() + 1, len(text))
        ends = [end for end in _FENCE.finditer(text, start) if len(end.group(1)) <= len(opening.group(1))]
        inner = text[start : ends[0].start()] if ends else text[start:]
        if opening.group(2).lower() in ("yaml", "yml", "") and _first_key(inner, keys):
            return inner
    first = _first_key(text, keys)
    if first is None:
        return text
    return re.split(r"^```", text[first.start() :], maxsplit=1, flags=re.MULTILINE)[0]


def _first_key(text: str, keys: str) -> re.Match[str] | None:
    return re.search(rf"^[ \t]*(?:- +)?{keys}[ \t]*:|^[ \t]*- ", text, re.MULTILINE)


def with_indented_blocks(text: str, keys: str) -> str:
    """Indent block scalars two columns deeper than their key, if they are not deep enough or start too deep."""
    lines = lines_of(text, keys)
    for line in lines:
        _indent(line)
    return joined(lines)


def _indent(line: Line) -> None:
    depths = [depth_of(each) for each in line.block or () if each.strip()]
    if not depths or line.parent is None:
        return
    least = min(depths)
    if least > line.parent and (depths[0] == least or re.search(r"\d", line.value)):
        return
    line.block = [" " * (line.parent + 2) + each[least:] if each.strip() else "" for each in line.block or ()]
    # If the first line is deeper than others, the block's header must give the depth.
    line.value = re.sub(r"\d", "", line.value) + ("2" if depths[0] > least else "")


def with_quoted_text(text: str, keys: str) -> str:
    """Quote text that YAML would read as something else: it contains `: ` or ` #`, or starts with a special sign."""
    lines: list[Line] = []
    for line in lines_of(text, keys):
        if lines and _goes_on(lines[-1], line) and not _is_whole(lines[-1].value):
            lines[-1].value += f" {line.value}"
        else:
            lines.append(line)
    for line in lines:
        if line.parent is not None and line.block is None and not _is_whole(line.value):
            line.value = json.dumps(line.value, ensure_ascii=False)
    return joined(lines)


def _goes_on(before: Line, line: Line) -> bool:
    """Whether `line` continues the text that `before` starts."""
    if line.parent is not None or before.parent is None or before.block is not None:
        return False
    return bool(before.value and line.value) and len(line.lead) > before.parent


def _is_whole(value: str) -> bool:
    """Whether YAML reads a value as one unit to its end."""
    try:
        node = compose(value)
    except (yaml.YAMLError, ValueError, OverflowError):
        return False
    if node is None:
        return not value
    return node.end_mark.index == len(value) and (isinstance(node, yaml.ScalarNode) or value[0] in "[{")


# In the order of use; each works on the result of the previous ones.
REPAIRS: dict[str, Callable[[str, str], str]] = {
    "text around the YAML": without_surroundings,
    "blocks not indented": with_indented_blocks,
    "text not quoted": with_quoted_text,
}
