"""Separates a model's thought (its reasoning) from its answer, so that no part of the thought is read as the answer.

Thoughts come in a separate field (`reasoning_content`), as blocks in a list, or between marks in the text. The marks
are those documented by models and servers (vLLM's reasoning parsers, OpenAI's Harmony format). Some servers send only
the end mark, because the chat template contains the start mark. A mark inside a program or a JSON text is data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from program.answers.fences import blocks_in, open_fence
from program.answers.syntax import is_python

_NAMES = (
    "think|thinking|thought|thoughts|reasoning|reason|scratchpad|inner_monologue|internal_monologue|seed:think"
    "|ant:?ml:thinking|antthinking"
)
_PAIRS = [  # start mark, end mark
    (rf"<[ \t]*(?:{_NAMES})(?:[ \t][^<>\n]*)?>", rf"<[ \t]*/[ \t]*(?:{_NAMES})[ \t]*>"),
    (
        r"<\|(?:begin_of_thought|start_thinking|inner_prefix|think|thinking)\|>",
        r"<\|(?:end_of_thought|end_thinking|inner_suffix|/think|/thinking)\|>",
    ),
    (r"\[THINK\]", r"\[/THINK\]"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|channel>[ \t]*thought\b", r"<channel\|>"),
    (r"<\|open\|>think<\|sep\|>", r"<\|close\|>think<\|sep\|>"),
    (r"<unused94>(?:thought\b)?", r"<unused95>"),
]


_FIRST, _LAST = (re.compile("|".join(marks), re.IGNORECASE) for marks in zip(*_PAIRS, strict=True))
_HARMONY = re.compile(r"(?:<\|start\|>[^<]*)?<\|channel\|>(?P<channel>[^<]*)(?:<\|constrain\|>[^<]*)?<\|message\|>")
_HARMONY_END = re.compile(r"<\|(?:end|return|call|start)\|>")
# Harmony without its special tokens, which some servers remove.
_BARE_HARMONY = re.compile(r"\s*analysis(?=[A-Z ])(?P<thought>.*?)assistant(?:commentary.*assistant)?final", re.DOTALL)
_BARE_HARMONY_CUT = re.compile(r"\s*analysis(?=[A-Z])(?!.*\bfinal\b)", re.DOTALL)
_IN_WORDS = re.compile(
    r"\s*Here(?:'s| is) my (?:thought process|thinking|reasoning):?(?P<thought>.*?)^[ \t]*Here(?:'s| is) my (?:final )?"
    r"(?:response|answer):?",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_WRAPPED = re.compile(
    r"\s*<(?P<bar>\|?)(?P<name>answer|response|final|begin_of_solution|START_RESPONSE)(?P=bar)>(?P<inside>.*?)"
    r"(?:<(?:/(?:answer|response|final)|\|(?:end_of_solution|END_RESPONSE)\|)>\s*)?\Z",
    re.DOTALL | re.IGNORECASE,
)
_ENDINGS = re.compile(
    r"(?:<\|(?:im_end|endoftext|eot_id|end|return|END_OF_TURN_TOKEN|eom_id)\|>|<｜end▁of▁sentence｜>|<end_of_turn>|</s>)\s*\Z"
)
_MENTIONED = re.compile(r"[ \t]+(?:tag|mark|marker|token|block|element|section)s?\b", re.IGNORECASE)
_QUOTES = "\"'`“”‘’«»"
MAX_PLACES = 200  # maximum number of marks to check; an answer has a few


@dataclass(frozen=True)
class Split:
    """The two parts of an answer.

    said: the answer; thought: the reasoning before it; cut: whether the text ends inside a thought.
    """

    said: str
    thought: str = ""
    cut: bool = False


def split(content: Any, reasoning: Any = None, fields: Iterable[str] = ()) -> Split:
    """Split a message into thought and answer.

    Args:
        content: its text, a list of blocks in a provider's form, or None.
        reasoning: the content of a separate field, if any, as a text or as blocks.
        fields: names of output fields; a tag with such a name is not a thought.
    """
    said, thought = _texts(content)
    apart = "".join(_texts(reasoning))
    inside = split_text(said, fields)
    return Split(inside.said, _joined([apart, thought, inside.thought]), inside.cut)


def split_text(text: str, fields: Iterable[str] = ()) -> Split:
    """Split a text into thought and answer."""
    text = text.removeprefix("\ufeff")
    found = _harmony(text) or _in_words(text) or _between_marks(text, frozenset(fields))
    said = found.said
    while said != (said := _ENDINGS.sub("", said)):
        pass
    wrapped = _WRAPPED.match(said)
    if wrapped is not None and wrapped["name"].lower() not in fields:
        said = wrapped["inside"]
    return Split(said, found.thought, found.cut)


def _texts(content: Any) -> tuple[str, str]:
    """The texts of blocks, and their thoughts."""
    match content:
        case None:
            return "", ""
        case str():
            return content, ""
        case list() | tuple():
            parts = [_texts(each) for each in content]
            return "".join(said for said, _ in parts), _joined(thought for _, thought in parts)
        case dict():
            kind = str(content.get("type", "")).lower()
            said, thought = _texts(next((content[key] for key in _SAID if content.get(key)), None))
            apart = ["".join(_texts(content[key])) for key in _THOUGHT if content.get(key)]
            if content.get("thought") is True or any(word in kind for word in ("think", "reason", "thought")):
                said, apart = "", [*apart, said]
            return said, _joined([*apart, thought])
    return _texts(_as_plain(content))


_SAID = ("text", "content", "parts", "output_text", "value")
_THOUGHT = ("thinking", "reasoning", "reasoning_content", "summary")


def _as_plain(block: Any) -> Any:
    """A block as plain data, if a library made it an object."""
    dump = getattr(block, "model_dump", None)
    return dump() if callable(dump) else str(block)


def _joined(parts: Iterable[str]) -> str:
    return "\n".join(part.strip() for part in parts if part and part.strip())


def _harmony(text: str) -> Split | None:
    headers = list(_HARMONY.finditer(text))
    if not headers or open_fence(text[: headers[0].start()]) or _is_data(text, headers[0].start(), 0):
        return None
    said, thoughts, ended = [text[: headers[0].start()].strip()], [], True
    for header, after in zip(headers, [*headers[1:], None], strict=True):
        body = text[header.end() : after.start() if after else len(text)]
        end = _HARMONY_END.search(body)
        ended = end is not None
        body = body[: end.start()] if end else body
        if header["channel"].strip().lower().startswith("final"):
            said.append(body)
        else:
            thoughts.append(body)
    last_thinks = not headers[-1]["channel"].strip().lower().startswith("final")
    return Split("".join(said), _joined(thoughts), last_thinks and not ended)


def _in_words(text: str) -> Split | None:
    for pattern in (_BARE_HARMONY, _IN_WORDS):
        found = pattern.match(text)
        if found:
            return Split(text[found.end() :], found["thought"].strip())
    if _BARE_HARMONY_CUT.match(text) and not is_python(text):
        return Split("", text.strip(), True)
    return None


def _between_marks(text: str, fields: frozenset[str]) -> Split:
    if not _FIRST.search(text) and not _LAST.search(text):
        return Split(text)
    said: list[str] = []
    thoughts: list[str] = []
    at, cut = 0, False
    while True:
        first = next((mark for mark in _marks(_FIRST, text, at, fields) if _opens(text, mark, at)), None)
        until = first.start() if first else len(text)
        last = _end_alone(text, at, until, fields)
        if last is not None and (thoughts or not text[last.end() :].strip()) and _has_whole_program(text[at:until]):
            said.append(text[at : last.start()])  # a stray mark after the answer
            at = last.end()
        elif last is not None:
            thoughts.append(text[at : last.start()])
            at = last.end()
        elif first is None:
            said.append(text[at:])
            break
        else:
            said.append(text[at:until])
            end = _end(text, first.end(), fields)
            thoughts.append(text[first.end() : end.start() if end else len(text)])
            if end is None:
                cut = True
                break
            at = end.end()
    return Split("".join(said), _joined(thoughts), cut)


def _marks(pattern: re.Pattern[str], text: str, at: int, fields: frozenset[str]) -> Iterator[re.Match[str]]:
    for count, mark in enumerate(pattern.finditer(text, at)):
        if count == MAX_PLACES:
            return
        if re.sub(r"[<>/\s]", "", mark.group()).lower() not in fields:
            yield mark


def _opens(text: str, mark: re.Match[str], at: int) -> bool:
    """Whether a mark outside of any thought starts one."""
    line = text[max(text.rfind("\n", 0, mark.start()) + 1, at) : mark.start()]
    if _LAST.search(text, mark.end()) is None and (line.strip() or _MENTIONED.match(text, mark.end())):
        return False  # the text only mentions the mark
    return (
        not _is_quoted(text, mark) and not open_fence(text[at : mark.start()]) and not _is_data(text, mark.start(), at)
    )


def _end(text: str, at: int, fields: frozenset[str]) -> re.Match[str] | None:
    """The end of the thought that starts at `at`. A mark in quotes is only mentioned in the thought."""
    return next((mark for mark in _marks(_LAST, text, at, fields) if not _is_quoted(text, mark)), None)


def _end_alone(text: str, at: int, until: int, fields: frozenset[str]) -> re.Match[str] | None:
    """An end mark without a start mark: the text before it is a thought."""
    ends = [mark for mark in _marks(_LAST, text, at, fields) if mark.end() <= until]
    last: re.Match[str] | None = None
    for mark in reversed(ends):
        if _is_quoted(text, mark) or _is_in_code(text, mark, at) or _is_data(text, mark.start(), at):
            continue
        if text[mark.end() :].strip():
            return mark
        last = last or mark
    return last


def _has_whole_program(text: str) -> bool:
    """Whether a text has a fenced program that is complete."""
    return any(block.closed and block.body.strip() and is_python(block.body) for block in blocks_in(text, _whole))


def _is_quoted(text: str, mark: re.Match[str]) -> bool:
    before, after = text[mark.start() - 1 : mark.start()], text[mark.end() : mark.end() + 1]
    return bool(before and after) and before in _QUOTES and after in _QUOTES


def _is_in_code(text: str, mark: re.Match[str], at: int) -> bool:
    """Whether a mark is in a fenced block that is complete with it; a thought may leave a block open."""
    if not open_fence(text[at : mark.start()]):
        return False
    around = [block for block in blocks_in(text[at:], _whole) if block.start <= mark.start() - at < block.end]
    return any(mark.group() in block.body and _whole(block.body) for block in around)


def _whole(body: str) -> bool:
    return bool(body.strip()) and (is_python(body) or is_json(body, strict=False))


def is_json(text: str, *, strict: bool = True) -> bool:
    """Whether a text is JSON; unless `strict`, texts in it may contain control characters."""
    try:
        json.loads(text, strict=strict)
    except (ValueError, RecursionError):
        return False
    return True


_DECODER = json.JSONDecoder(strict=False)


def _is_data(text: str, place: int, at: int) -> bool:
    """Whether a place is inside a JSON value or a program without a fence."""
    line = text[max(text.rfind("\n", 0, place) + 1, at) : place]
    if _in_a_string(line) and _in_a_string(text[place:].split("\n", 1)[0][::-1]):
        return True
    for count, brace in enumerate(re.finditer(r'[{\[]\s*["\[{]', text[at:place])):
        if count == MAX_PLACES:
            break
        try:
            _, end = _DECODER.raw_decode(text, at + brace.start())
        except (ValueError, RecursionError):
            continue
        if end > place:
            return True
    return is_python(text[at:])


def _in_a_string(line: str) -> bool:
    """Whether a line ends inside quotes, by counting them."""
    bare = re.sub(r"\\.", "", line)
    return bare.count('"') % 2 == 1
