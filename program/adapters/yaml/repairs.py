"""Repairs of YAML that models get wrong, each a function from the text of an answer to better text.

Every repair leaves right YAML as it is, or with the same meaning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import yaml
from yaml.reader import Reader

from program.adapters.yaml.keys import Keys
from program.adapters.yaml.lines import Line, depth_of, joined, lines_of
from program.adapters.yaml.loader import FAULTS, compose

MAX_TORN_LINES = 6  # how many lines at the end of a cut-off answer are given up at most
_FENCE = re.compile(r"^([ \t]*)```[ \t]*([\w+-]*)[^\n`]*$", re.MULTILINE)
# What may be missing at the end of an answer that was cut off.
_CLOSINGS = ("", '"', "'", "]", '"]', "']", "}", '"}', "'}", '"}]', "}]")


def without_surroundings(text: str, keys: Keys) -> str:
    """Without words and fences around the YAML; a fence that is never closed ends with the text."""
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


def _first_key(text: str, keys: Keys) -> re.Match[str] | None:
    return re.search(rf"^[ \t]*(?:- +)?{keys.pattern()}[ \t]*:|^[ \t]*- ", text, re.MULTILINE)


def without_control_characters(text: str, keys: Keys) -> str:
    """Without the characters YAML forbids in any place."""
    return Reader.NON_PRINTABLE.sub("", text)


def with_spaces_for_tabs(text: str, keys: Keys) -> str:
    """Four spaces for each tab in the indentation of lines that begin with a tab, where YAML takes none."""
    return re.sub(r"^\t[ \t]*", lambda match: match.group().replace("\t", "    "), text, flags=re.MULTILINE)


def with_aligned_keys(text: str, keys: Keys) -> str:
    """Top-level keys at the margin, a record's keys under its first one, the dashes of a list under each other."""
    lines: list[Line] = []
    dash: int | None = None
    for line in lines_of(text, keys):
        if line.key in keys.fields and line.key not in keys.inner and line.dash is None:
            line, dash = replace(line, lead=""), None
        elif line.key in keys.inner and line.dash is not None:
            dash = line.dash if dash is None else dash
            line = replace(line, lead=f"{' ' * dash}- ")
        elif line.key in keys.inner and dash is not None:
            line = replace(line, lead=" " * (dash + 2))
        lines.append(line)
    return joined(lines)


def with_indented_blocks(text: str, keys: Keys) -> str:
    """Block scalars two columns deeper than their key, where they are not deep enough or begin too deep."""
    return joined(_indented(line) for line in lines_of(text, keys))


def _indented(line: Line) -> Line:
    depths = [depth_of(each) for each in line.block or () if each.strip()]
    if not depths or line.parent is None:
        return line
    least = min(depths)
    if least > line.parent and (depths[0] == least or re.search(r"\d", line.value)):
        return line
    block = [" " * (line.parent + 2) + each[least:] if each.strip() else "" for each in line.block or ()]
    # Where the first line is a deeper one, YAML has to be told the depth.
    mark = re.sub(r"\d", "", line.value) + ("2" if depths[0] > least else "")
    return replace(line, value=mark, block=tuple(block))


def with_quoted_text(text: str, keys: Keys) -> str:
    """Quotes around text that YAML takes for something else: it has `: ` or ` #` in it, or begins with a sign."""
    lines: list[Line] = []
    for line in lines_of(text, keys):
        before = lines[-1] if lines else None
        if before is not None and before.value and _goes_on(before, line) and not _is_whole(before.value):
            lines[-1] = replace(before, value=f"{before.value} {line.value}")
        else:
            lines.append(line)
    last = next((number for number in reversed(range(len(lines))) if lines[number].value), 0)
    return joined(line if number == last and _is_torn(line) else _quoted(line) for number, line in enumerate(lines))


def _is_torn(line: Line) -> bool:
    """Whether a quote is opened and not closed, which at the end of an answer means that it was cut off."""
    return line.value[:1] in ('"', "'") and line.value.count(line.value[0]) == 1


def _goes_on(before: Line, line: Line) -> bool:
    """Whether `line` goes on with the text that `before` begins."""
    if line.parent is not None or before.parent is None or before.block is not None:
        return False
    return bool(line.value) and len(line.lead) > before.parent


def _quoted(line: Line) -> Line:
    if line.parent is None or line.block is not None or _is_whole(line.value):
        return line
    return replace(line, value=json.dumps(line.value, ensure_ascii=False))


def _is_whole(value: str) -> bool:
    """Whether YAML takes a value as one thing to its end."""
    try:
        node = compose(value)
    except FAULTS:
        return False
    if node is None:
        return not value
    return node.end_mark.index == len(value) and (isinstance(node, yaml.ScalarNode) or value[0] in "[{")


def without_torn_tail(text: str, keys: Keys) -> str:
    """An answer that was cut off, with its last quote or bracket closed, or without its last lines."""
    text = text.rstrip()
    lines = text.split("\n")
    tries = [text + closing for closing in _CLOSINGS]
    tries += ["\n".join(lines[:-torn]) for torn in range(1, min(MAX_TORN_LINES + 1, len(lines)))]
    return next((f"{kept}\n" for kept in tries if _composes(kept)), f"{text}\n")


def _composes(text: str) -> bool:
    try:
        return compose(text) is not None
    except FAULTS:
        return False


# In the order they are tried, each on what those before it left.
REPAIRS: dict[str, Callable[[str, Keys], str]] = {
    "text around the YAML": without_surroundings,
    "control characters": without_control_characters,
    "tabs": with_spaces_for_tabs,
    "keys out of line": with_aligned_keys,
    "blocks not indented": with_indented_blocks,
    "text not quoted": with_quoted_text,
    "cut off": without_torn_tail,
}
