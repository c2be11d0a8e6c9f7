"""Fenced blocks of Markdown, as models write them: indented, quoted, nested, and not always closed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from program.answers.languages import is_python_tag

# Limits on the number of places to try in an answer: a model that repeats itself writes thousands.
MAX_FENCES, MAX_ENDS, MAX_DEPTH = 24, 6, 3
# After a list marker or a quotation mark; after words only if a language follows.
_OPENING = re.compile(
    r"^(?P<lead>(?:[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?)|(?P<words>[^\n`~]*[^\n`~\s][ \t]*))"
    r"(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)$",
    re.MULTILINE,
)
_WORD = re.compile(r"[\w+#.-]+")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    tag: the language after the fence, in lower case, empty if there is none; rest: the rest of that line.
    body: the lines inside, without the indentation or the quotation marks of the fence.
    start, end: the whole block in the text, including its fences if they exist.
    closed: whether it has a closing fence.
    """

    tag: str
    rest: str
    body: str
    start: int
    end: int
    closed: bool


def blocks_in(text: str, whole: Callable[[str], bool], depth: int = 0) -> list[Block]:
    """The fenced blocks of a text, in order; nested blocks follow the block that contains them.

    Args:
        text: an answer, with normalized line ends.
        whole: whether a body may be a complete block. A body may contain a fence in a string, so the first end with a
            complete body is used; if there is none, the first line that can close the block.
        depth: the nesting depth of the text in other blocks.
    """
    blocks: list[Block] = []
    at = _first_of_the_last(text)
    while len(blocks) < MAX_FENCES:
        opening = _OPENING.search(text, at)
        if opening is None:
            break
        if opening["words"] and not _WORD.fullmatch(opening["info"].strip()):
            at = opening.end()
            continue
        block = _block(text, opening, whole)
        blocks.append(block)
        nests = depth < MAX_DEPTH and not is_python_tag(block.tag) and not whole(block.body)
        inner = block.body if nests else ""
        # Nested blocks get the offsets of the outer block, because its lines may have been moved.
        blocks += [
            Block(each.tag, each.rest, each.body, block.start, block.end, each.closed or block.closed)
            for each in blocks_in(inner, whole, depth + 1)
        ]
        at = max(block.end, opening.end())
    return blocks


def _first_of_the_last(text: str) -> int:
    """Where to begin so that the last `MAX_FENCES` blocks are read: the last program of an answer is the one meant."""
    fences = list(_OPENING.finditer(text))
    if len(fences) <= 2 * MAX_FENCES:
        return 0
    last = fences[-2 * MAX_FENCES :]
    # A fence with a language opens a block; one without may also close one.
    return next((each.start() for each in last if _WORD.fullmatch(each["info"].strip())), last[0].start())


def open_fence(text: str) -> bool:
    """Whether a text ends inside a block, judged by its lines alone."""
    mark = ""
    for line in _OPENING.finditer(text):
        if not mark:
            mark = line["mark"]
        elif line["mark"].startswith(mark) and not line["info"].strip() and not line["words"]:
            mark = ""
    return bool(mark)


def _block(text: str, opening: re.Match[str], whole: Callable[[str], bool]) -> Block:
    mark, start = opening["mark"], min(opening.end() + 1, len(text))
    tag, rest = _info(opening["info"])
    if not opening["words"]:
        first, margin = opening.start(), opening["lead"]
    else:
        first, margin = opening.start("mark"), ""

    def body(end: int) -> str:
        return _unindented(text[start:end], margin)

    ends = []
    for match in re.finditer(re.escape(mark), text[start:]):
        ends.append(start + match.start())
        if len(ends) == MAX_ENDS:
            break
    wholly = next((end for end in (*ends, len(text)) if body(end).strip() and whole(body(end))), None)
    # A mark inside a line belongs to the program; at the end of a line it may close the block.
    closing = [end for end in ends if _closes(text, end, mark)] or [end for end in ends if _ends_line(text, end, mark)]
    end = wholly if wholly is not None else (closing or [len(text)])[0]
    if end == len(text):
        return Block(tag, rest, body(end), first, end, False)
    line = text.find("\n", end)
    line = len(text) if line < 0 else line
    another = _opens_another(text, end, mark)
    return Block(tag, rest, body(end), first, end if another else line, not another)


def _closes(text: str, end: int, mark: str) -> bool:
    return _starts_its_line(text, end) and (_ends_line(text, end, mark) or _opens_another(text, end, mark))


def _ends_line(text: str, end: int, mark: str) -> bool:
    return not text[end:].split("\n", 1)[0].strip().strip(mark[0])


def _opens_another(text: str, end: int, mark: str) -> bool:
    """Whether there is a fence with a language: then the block before it was not closed."""
    info = text[end:].split("\n", 1)[0].lstrip(mark[0]).strip()
    return _starts_its_line(text, end) and _WORD.match(info) is not None


def _starts_its_line(text: str, place: int) -> bool:
    return not text[text.rfind("\n", 0, place) + 1 : place].strip(" \t>")


def _info(info: str) -> tuple[str, str]:
    """The language and the rest: of `python title="a"`, `{.python .numberLines}`, `lang=python`."""
    bare = re.sub(r"^(?:(?:lang(?:uage)?|file(?:name)?|title)[-=:]\"?)?[{.\s]*", "", info.strip())
    word = _WORD.match(bare)
    if word is None:
        return "", bare
    return word.group().lower(), bare[word.end() :].strip()


def _unindented(body: str, lead: str) -> str:
    """The body without the quotation marks and the indentation of the fence."""
    lines = body.split("\n")
    if ">" in lead:
        lines = [re.sub(r"^[ \t]*>[ \t]?", "", line) for line in lines]
        lead = lead.replace(">", "")
    width = len(lead.expandtabs(4))
    if width:
        depths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
        taken = min([width, *depths])
        lines = [line[taken:] for line in lines]
    return "\n".join(lines)
