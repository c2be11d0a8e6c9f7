"""Converts values of another type than requested, if their meaning is plain. Each conversion has a label."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from typing import Any

from program.answers.syntax import FAULTS, syntax_tree

TEXT_FOR_LIST = "a text in place of a list"
OBJECT_FOR_TEXT = "an object in place of a text"
OBJECT_FOR_LIST = "an object in place of a list"
LINES_FOR_TEXT = "lines as a list in place of a text"
BARE_LIST = "a list without its key"
BARE_RECORD = "an object without its list"
WRAPPED = "an object around the answer"
OTHER_KEY = "a key in other letters"
FIELD_LEFT_OUT = "a field left out"
NO_JSON = "points without JSON"
TORN_RECORD = "the last record, cut off, dropped"
VALUE_FOR_LITERAL = "a JSON value for the text of a Python literal"

_MARK = r"(?:[-*+•◦▪‣–—]|\(?\d{1,3}[.):]\)?|\(\d{1,3}\)|\(?[a-zA-Z]\)|(?:Step|Point)\s+\d{1,3}\s*[.:)])"
_POINT = re.compile(rf"^(?P<lead>[ \t>]*)(?P<bold>\*\*(?=[\d(A-Z]))?{_MARK}(?P<ends>\*\*)?[ \t]+(?P<text>\S.*)$")
_HEADING = re.compile(r"^[ \t]*(?:#{1,6}[ \t].*|\*\*[^*]+\*\*:?|__[^_]+__:?|[^\n]*:)[ \t]*$")
_RULE = re.compile(r"^[ \t]*(?:```.*|~~~.*|[-*_=]{3,})[ \t]*$")
# Keys of objects that stand for a text: keys that number it, name it, or only describe it.
_NUMBERS = frozenset(
    ("id", "index", "number", "no", "rank", "position", "order", "priority", "score", "test", "example", "case", "step")
)
_NAMES = ("name", "title", "solution", "solution_name", "approach", "algorithm", "method", "label")
_ABOUT = re.compile(
    "reasons?|reasoning|why|why_it_works|justification|rationale|comments?|complexity|pros|cons|labels?"
)
# Keys that models use in place of another one. A key that ends with the right one (`expected_output`) needs no entry.
_MEANING = {"title": "name", "approach": "name", "description": "content", "steps": "content", "expected": "output"}


def points_in(text: str) -> list[str]:
    """The points of a text: its bullets or numbered lines, else its lines; headings are left out.

    A line that continues a point belongs to it, and so do points below it.
    """
    found = _inline_points(text) or listed_points(text)
    if found:
        return found
    lines = [line.strip() for line in text.split("\n")]
    return [line for line in lines if line and not _RULE.match(line) and not _heads(line)] or [
        line for line in lines if line
    ]


def listed_points(text: str) -> list[str]:
    """The bullets or numbered lines of a text; empty if there are none."""
    points: list[str] = []
    depth: int | None = None
    goes_on = blank = False  # whether the last point may continue; whether the previous line was empty
    for line in text.expandtabs(4).split("\n"):
        found = _POINT.match(line)
        if not line.strip():
            blank = True
            continue
        if _RULE.match(line):
            goes_on = False
        elif found:
            here = len(found["lead"])
            if depth is None or here <= depth + 1:
                depth = here if depth is None else min(depth, here)
                points.append(("**" if found["bold"] and not found["ends"] else "") + found["text"].strip())
            else:
                points[-1] += f"\n- {found['text'].strip()}"
            goes_on = True
        elif goes_on and len(line) - len(line.lstrip()) > (depth or 0):
            points[-1] += f"\n{line.strip()}"
        elif goes_on and not blank and not _HEADING.match(line):
            points[-1] += f" {line.strip()}"
        else:
            goes_on = False
        blank = False
    return [point.strip() for point in points if re.search(r"\w", point)]


def _heads(line: str) -> bool:
    return bool(re.match(r"#{1,6}[ \t]|\*\*[^*]+\*\*:?$", line))


def _inline_points(text: str) -> list[str]:
    """The points of `1. Read. 2. Print.` on one line; empty if they are not numbered from 1."""
    if "\n" in text.strip():
        return []
    marks = list(re.finditer(r"(?:(?<=\s)|^)\(?(\d{1,2})[.)](?=\s)", text))
    chain, wanted = [], 1
    for mark in marks:
        if int(mark.group(1)) == wanted:
            chain.append(mark)
            wanted += 1
    if len(chain) < 2 or text[: chain[0].start()].strip():
        return []
    ends = [*(mark.start() for mark in chain[1:]), len(text)]
    return [text[mark.end() : end].strip(" ;,") for mark, end in zip(chain, ends, strict=True)]


def list_from_text(text: str) -> list[Any] | None:
    """The list that a text stands for: JSON, Python, bullets, numbered or plain lines, or one sentence.

    None if this is not clear, as for a single word.
    """
    stripped = text.strip()
    if stripped.startswith("[") and stripped.endswith("]"):
        written = _literal(stripped)
        if isinstance(written, list):
            return written
    points = points_in(text)
    if len(points) > 1 or listed_points(text) or re.search(r"\S\s+\S", stripped):
        return list(points)
    return None


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(syntax_tree(text, "eval"))
    except FAULTS:
        return None


def text_from_object(value: dict[Any, Any]) -> str | None:
    """The text that an object stands for: its only text; or its name, if the rest describes the name; else all its
    texts.

    None if it contains no text.
    """
    keyed = {str(key).strip().lower().replace(" ", "_").replace("-", "_"): each for key, each in value.items()}
    texts = {key: each.strip() for key, each in keyed.items() if isinstance(each, str) and each.strip()}
    others = [
        key for key, each in keyed.items() if key not in texts and key not in _NUMBERS and each not in (None, "", [])
    ]
    if not texts or any(isinstance(keyed[key], dict) for key in others):
        return None
    listed = {
        key: "; ".join(map(str, keyed[key]))
        for key in others
        if isinstance(keyed[key], list) and all(isinstance(each, str | int | float) for each in keyed[key])
    }
    plain = {key: str(each) for key, each in keyed.items() if key in others and isinstance(each, int | float | bool)}
    name = next((key for key in _NAMES if key in texts), None)
    if name is not None and all(key == name or key in _NUMBERS or _ABOUT.fullmatch(key) for key in keyed):
        return texts[name]
    texts = {
        key: text for key, text in texts.items() if not (key in _NUMBERS and re.fullmatch(r"\W*\d+\W*", text))
    } or texts
    if len(texts) == 1 and not listed and not plain:
        return next(iter(texts.values()))
    every = {**texts, **listed, **plain}
    return ": ".join(every[key] for key in keyed if key in every)


def text_from_lines(value: list[Any]) -> str | None:
    """The text whose lines are in a list; an inner list is a line of several values. None for other lists."""
    lines = []
    for line in value:
        match line:
            case bool() | None | dict():
                return None
            case list() if all(isinstance(each, str | int | float) and not isinstance(each, bool) for each in line):
                lines.append(" ".join(map(str, line)))
            case str() | int() | float():
                lines.append(str(line).removesuffix("\n"))
            case _:
                return None
    return "\n".join(lines) if lines else None


def list_from_object(value: dict[Any, Any]) -> list[Any] | None:
    """The list that an object stands for if its keys number or name the items. None if the values are not texts."""
    flat: list[Any] = []
    for key, each in value.items():
        for item in each if isinstance(each, list) else [each]:
            if not isinstance(item, str) or not item.strip():
                return None
            numbered = re.fullmatch(r"(?:\w*?[ _-]?)?\d+", str(key)) is not None
            flat.append(item if numbered or isinstance(each, list) else f"{key}: {item}")
    return flat or None


def with_known_keys(value: dict[Any, Any], names: Iterable[str]) -> tuple[dict[str, Any], bool]:
    """The object with variants of keys (`Why it works`, `expected_output`) replaced by the names they mean, and whether
    there were any.

    A correct key is never replaced.
    """
    wanted = {letters(name): name for name in names}
    found: dict[str, Any] = {}
    changed = False
    for key, each in value.items():
        name = key if key in wanted.values() else _known_key(letters(str(key)), wanted)
        if name is None or (name != key and (name in value or name in found)):
            name = str(key)
        changed |= name != key
        found[name] = each
    return found, changed


def _known_key(key: str, wanted: dict[str, str]) -> str | None:
    for guess in (key, f"{key}s", key.removesuffix("s"), _MEANING.get(key, "")):
        if guess in wanted:
            return wanted[guess]
    ending = [name for short, name in wanted.items() if key.endswith(short)]
    return ending[0] if len(ending) == 1 else None


def arguments_text(value: Any) -> str:
    """The arguments of a call as text, from a JSON value: an object has them by name; a list has several if its items
    are of several kinds or lists themselves, else it is the only argument."""
    if isinstance(value, dict):
        return ", ".join(f"{name}={each!r}" for name, each in value.items())
    if isinstance(value, list) and (len({type(each) for each in value}) > 1 or any(isinstance(e, list) for e in value)):
        return ", ".join(map(repr, value))
    return repr(value)


def letters(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return re.sub(r"[\W_]", "", name).lower()


def normalized(text: str) -> str:
    """A text with normalized case and white space."""
    return " ".join(text.lower().split())


def unwrapped_object(value: Any, names: Iterable[str], depth: int = 0) -> tuple[dict[str, Any] | None, int]:
    """The object in `value` that has one of the names as a key, and the number of objects or lists around it."""
    if depth > 4:
        return None, 0
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        value = _literal(value)
    if isinstance(value, dict):
        if any(name in value for name in names):
            return value, depth
        inner = list(value.values())
    else:
        inner = value if isinstance(value, list) else []
    for each in inner:
        if isinstance(each, dict | list | str):
            found, around = unwrapped_object(each, names, depth + 1)
            if found is not None:
                return found, around
    return None, 0
