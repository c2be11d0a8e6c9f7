"""Finds every plausible reading of a program in an answer, the best guess first. Public tests can decide between them.

A program may be in a fenced block, in a JSON text, or in plain text between words. It may need repairs before it
compiles (recorded in `how`). Among equally good readings the last one comes first: a model that corrects itself does so
at the end.
"""

from __future__ import annotations

import ast
import html
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from program.answers.fences import Block, blocks_in
from program.answers.languages import is_python_tag, language_of, may_be_python
from program.answers.mends import is_importable
from program.answers.scopes import ProgramFacts, facts_of, is_stub
from program.answers.syntax import FAULTS, fault_line, is_python, syntax_tree
from program.answers.tolerant_json import decode, values_in
from program.answers.unreadable import NoAnswer

# How a program was found; these labels are counted.
NO_FENCE = "no fence"
IN_JSON = "a program in JSON"
JOINED = "blocks joined"
# Repairs that made it compile.
LANGUAGE_LINE = "the language on a line of its own"
DEDENTED = "lines at another margin"
PLAIN_SIGNS = "odd characters made plain"
UNESCAPED = "escapes resolved"
WORDS_CUT = "words cut from a block"
LINES_JOINED = "lines of a list joined"
REQUOTED = "other quotes inside an f-string"
# Evidence against a reading.
BROKEN = "does not compile"
UNDEFINED = "uses names that are bound nowhere"
NO_INPUT = "reads no input"
NO_OUTPUT = "prints nothing"
NO_ENTRY = "does not define what is asked for"
SAYS_NOTHING = "only constants and names"
OTHER_TAG = "said to be in another language"
STUB = "nothing in what is asked for but its docstring"
PART = "more code follows that does not compile"
ANOTHER_IS_WHOLE = "joined from blocks, next to a program that needs no other block"

# A label of a program that is only there to compare with: "### Brute force", "For testing, a naive version:". It names
# the program and says nothing about it, unlike "The naive loop is too slow, so we sort:".
_FILLER = (
    r"(?:(?:and|also|finally|optional(?:ly)?|here(?: is|'s)?|this is|below is|an?|the|my|our|simple|quick|easy|"
    r"straightforward|equivalent|for (?:completeness|comparison|reference|testing|verification|validation|debugging|"
    r"checking|stress[- ]testing|cross-?checking|sanity checks?)(?: purposes)?)[\s:,]+)*"
)
_SLOWER = re.compile(
    rf"{_FILLER}(?:(?:na[iï]ve|brute[- ]?force|slow(?:er)?|inefficient|unoptimi[sz]ed|checker|stress[- ]test"
    r"|sanity check)\b"
    r"|(?:version|implementation|solution|program|code) (?:for|to) (?:verif|validat|test|compar|cross-?check|stress))",
    re.IGNORECASE,
)
_SAYS_MORE = re.compile(
    r"\b(?:is|was|would|takes?|fails?|has|runs?|times|gives?|can(?:not)?|could|does|needs?|so|therefore|instead)\b"
    r"(?!\s*:?\s*$)",
    re.IGNORECASE,
)

MAX_SEGMENTS, MAX_CUTS, MAX_VALUES = 12, 12, 50
_LANGUAGE = re.compile(r"\s*(?:python|py)[ \t]*[23]?(?:\.\d+)?[ \t]*(?:code|program)?:?[ \t]*\n", re.IGNORECASE)
_ODD = str.maketrans({"\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u3000": " ", "\u200b": "", "\u200c": ""})
_ODD |= str.maketrans({"\u200d": "", "\ufeff": "", "\u2060": "", "\u202f": " ", "\x0c": "\n"})
_TYPESET = str.maketrans("“”„‘’‚–—−×", "\"\"\"'''---*")
_CODE_LINE = re.compile(
    r"^[ \t]*(?:(?:import|from)[ \t]+\w[\w.]*"
    r"(?:[ \t]+(?:import|as)[ \t]+[\w*(].*|(?:[ \t]*,[ \t]*\w[\w.]*)*[ \t]*(?:[#;].*)?)$"
    r"|(?:async[ \t]+)?def[ \t]+\w+[ \t]*\(|class[ \t]+\w+[ \t]*[(:]"
    r"|(?:for|while|if|elif|with|except)\b.*:[ \t]*(?:#.*)?$|(?:else|try|finally)[ \t]*:"
    r"|(?:for|while|if)\b[^:]*:[ \t]*\w+.*[\w)\]][ \t]*$|(?:return|yield|raise|assert|global|nonlocal|del)\b"
    r"|(?:pass|break|continue)[ \t]*$|@\w|\#"
    r"|[A-Za-z_][\w.]*(?:\[.*\])?\(.*\)?[ \t]*(?:\#.*)?$"
    r"|[A-Za-z_][\w., \t*\[\]()]*?(?:=|[-+*/%&|^]=|//=|\*\*=|<<=|>>=)(?!=)[ \t]*\S)"
)
_CLOSERS = re.compile(r"^[ \t]*[\])}]+,?[ \t]*$|^[ \t]*$")


@dataclass(frozen=True)
class FoundProgram:
    """A reading of a program.

    code: without blank lines around it, with a final newline.
    how: how it was found and repaired, as labels of this file; empty for a block in a ```python fence.
    doubts: evidence against it; empty for a plausible reading.
    start: its start in the answer, including its fence.
    cut: whether the answer ended inside its block, so that it does not compile.
    closed: whether its block is closed; otherwise, in an answer that was cut off, the last lines may be missing.
    """

    code: str
    how: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    start: int = 0
    cut: bool = False
    closed: bool = False

    @property
    def plausible(self) -> bool:
        return not self.doubts


@dataclass(frozen=True)
class _Wanted:
    names: tuple[str, ...]
    reads_input: bool
    entry_point: str | None


def programs_in(
    text: str, names: Iterable[str] = ("code",), *, reads_input: bool = True, entry_point: str | None = None
) -> list[FoundProgram]:
    """The programs that an answer may mean, the most plausible first; among equals, the last.

    Args:
        text: the answer without its thought.
        names: the possible names of a program in a JSON text.
        reads_input: whether the program must read input, because the examples have input.
        entry_point: the function that the program must define, if there is one: "f", "Solution.f".

    Raises:
        NoAnswer: there is no program ("no program"), or it is not Python ("not Python").
    """
    wanted = _Wanted(tuple(names), reads_input and entry_point is None, entry_point)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    blocks = blocks_in(text, _is_whole)
    whole = facts_of(text)
    if whole is not None and whole.says_something and not text.lstrip().startswith("~~~"):
        blocks = []  # the apparent fences are inside a string
    found = [each for block in blocks for each in _of_block(block, wanted)]
    if not any(each.plausible for each in found):
        found += _of_json(text, wanted)
    if not any(each.plausible for each in found):
        outside = _outside(text, blocks)
        found += [each for each in _unfenced(outside, wanted) if each.plausible or not found]
        found += [each for inside in _TAGGED.finditer(outside) for each in _unfenced(inside["inside"], wanted)]
    found += _joined(found, wanted)
    if not found:
        raise _fault(text, blocks)
    slower = [_is_called_slower(text[_end_before(each, blocks) : each.start], each.code) for each in found]
    order = sorted(range(len(found)), key=lambda place: (*_weight(found[place]), slower[place], -place))
    return list({found[place].code: found[place] for place in reversed(order)}.values())[::-1]


def _end_before(found: FoundProgram, blocks: list[Block]) -> int:
    """Where the last block before a program ends."""
    return max((block.end for block in blocks if block.end <= found.start), default=0)


def _is_called_slower(before: str, code: str) -> bool:
    """Whether a program is introduced as the version that is only there to compare with, by the heading or the sentence
    in the words before it, or by its first comment."""
    between = [line.strip() for line in before.splitlines() if line.strip()]
    titles = [line for line in between if line.startswith(("#", "**"))][-1:]
    sentences = [re.split(r"(?<=[.!?])\s", line)[-1] for line in between[-1:]]
    comments = [line for line in code.splitlines()[:1] if line.startswith("#")]
    labels = [label.strip("#*_-> :") for label in (*titles, *sentences, *comments)]
    named = [(label, _SLOWER.match(label)) for label in labels]
    return any(match and not _SAYS_MORE.search(label[match.end() :].split(" which ")[0]) for label, match in named)


def whole_lines(program: str) -> str:
    """The program without empty lines around it, and with a final newline."""
    return program.strip("\n") + "\n"


def _weight(found: FoundProgram) -> tuple[int, ...]:
    # A part of a broken program is no better than all of it: the fault of the whole can be shown and fixed.
    return PART in found.doubts, BROKEN in found.doubts, len(found.doubts)


def _is_whole(body: str) -> bool:
    even = _at_margin(body)
    return bool(body.strip("`~ \n")) and (is_python(body) or (even != body and is_python(even)))


def _of_block(block: Block, wanted: _Wanted) -> Iterator[FoundProgram]:
    if not block.body.strip():
        return
    if block.body.lstrip()[:1] in "{[" and (inside := list(_of_json(block.body, wanted, block.start))):
        yield from inside
        return
    code, took = _mended(block.body)
    if not is_python(code) and block.rest:
        with_rest, more = _mended(f"{block.rest}\n{block.body}")
        code, took = (with_rest, more) if is_python(with_rest) else (code, took)
    if not is_python(code):
        parts = list(_segments(block.body)) if may_be_python(block.tag) else []
        for start, part in parts:
            rest = block.body[start + len(part) :]
            if len(part.splitlines()) > 1 and _counts(part) and (block.closed or not _is_cut(rest)):
                found = _judged(part, (WORDS_CUT,), block.start + min(start, 1), wanted, block)
                yield replace(found, doubts=(*found.doubts, PART)) if _begins_code(rest) else found
        broken = is_python_tag(block.tag) and language_of(block.body) in ("", "python 2")
        if not broken and may_be_python(block.tag) and not is_python_tag(block.tag):
            broken = _looks_like_code(block.body) and not language_of(block.body)
        if broken:
            yield _judged(code, took, block.start, wanted, block)
        return
    found = _judged(code, took, block.start, wanted, block)
    if SAYS_NOTHING in found.doubts and not is_python_tag(block.tag):
        return
    yield found


def _judged(code: str, how: tuple[str, ...], start: int, wanted: _Wanted, block: Block | None = None) -> FoundProgram:
    facts = facts_of(code)
    doubts = [BROKEN] if facts is None else list(_doubts(code, facts, wanted))
    if block is not None and not may_be_python(block.tag) and (doubts or language_of("", block.tag)):
        doubts.append(OTHER_TAG)  # with an unknown tag a complete program is one
    cut = block is not None and not block.closed and facts is None
    closed = block is not None and block.closed
    return FoundProgram(whole_lines(code), tuple(dict.fromkeys(how)), tuple(doubts), start, cut, closed)


def _doubts(code: str, facts: ProgramFacts, wanted: _Wanted) -> Iterator[str]:
    if not facts.says_something:
        yield SAYS_NOTHING
    if any(not is_importable(name, code) for name in facts.undefined):
        yield UNDEFINED
    if wanted.reads_input and not facts.reads_input:
        yield NO_INPUT
    if wanted.entry_point is None and not facts.prints:
        yield NO_OUTPUT
    if wanted.entry_point is not None and not _defines(facts, wanted.entry_point):
        yield NO_ENTRY
    if wanted.entry_point is not None and is_stub(code, wanted.entry_point):
        yield STUB


def _defines(facts: ProgramFacts, name: str) -> bool:
    name = name.partition(".")[0]
    return name in {each.name for each in facts.functions} or name in facts.classes or name in facts.assigned


def _is_cut(rest: str) -> bool:
    """Whether the text after the last part that compiles, in an unclosed block, is the start of the next statement."""
    lines = [line for line in rest.split("\n") if line.strip()]
    alone = len(lines) == 1 and not lines[0].rstrip().endswith((".", "!", "?", ":", "`"))
    return alone or (bool(lines) and lines[0][0] in " \t")


def _begins_code(rest: str) -> bool:
    """Whether a text starts with a program: its first line, or half of its lines, are lines of a program."""
    lines = [line for line in rest.split("\n") if line.strip()]
    code = [line[0] in " \t" or (_CODE_LINE.match(line) is not None and line[0] != "#") for line in lines]
    return bool(lines) and (code[0] or sum(code) * 2 >= len(code))


def _goes_on(rest: str) -> bool:
    """Whether the text after a program without a fence is the end of the program, which does not compile."""
    lines = [line for line in rest.split("\n") if line.strip()]
    return 0 < len(lines) < 3 and all(line[:1] in " \t" or _CODE_LINE.match(line) for line in lines)


# Making it compile


def _mended(body: str) -> tuple[str, tuple[str, ...]]:
    """The body, repaired so that it compiles, and the repairs; unchanged if nothing helps."""
    took: tuple[str, ...] = ()
    code = body.strip("\n")
    language = _LANGUAGE.match(code)
    if language and code[language.end() :].strip():
        code, took = code[language.end() :].strip("\n"), (LANGUAGE_LINE,)
    if is_python(code):
        return code, took
    for label, mend in _MENDS:
        mended = mend(code)
        if mended != code and is_python(mended):
            return mended, (*took, label)
    every, labels = code, took
    for label, mend in _MENDS:
        if mend(every) != every:
            every, labels = mend(every), (*labels, label)
        if is_python(every):
            return every, labels
    return code, took


def _at_margin(code: str) -> str:
    """Without the indentation of all lines, or of the first lines if later ones are not indented."""
    even = textwrap.dedent(code.expandtabs(4) if "\t" in code else code)
    if even[:1] not in (" ", "\t"):
        return even
    lines = even.strip("\n").split("\n")
    depth = len(lines[0]) - len(lines[0].lstrip(" "))
    moved = next((n for n, line in enumerate(lines) if line.strip() and not line.startswith(" " * depth)), len(lines))
    return "\n".join([line[depth:] for line in lines[:moved]] + lines[moved:])


def _later_lines_moved(code: str) -> str:
    """The lines after the first moved to its margin, if only the first line lost its indentation."""
    first, _, rest = code.partition("\n")
    return f"{first}\n{textwrap.dedent(rest)}" if first[:1] not in (" ", "\t") else code


def _without_numbers(code: str) -> str:
    """Without line numbers or console prompts before each line."""
    lines = code.split("\n")
    numbered = re.compile(r"[ \t]*\d+[ \t]*[|:]?[ \t]")
    full = [line for line in lines if line.strip()]
    if full and all(line.startswith((">>> ", "... ", ">>>", "...")) for line in full):
        return "\n".join(line[4:] for line in lines)
    if full and all(numbered.match(line + " ") for line in full):
        return "\n".join(re.sub(r"^[ \t]*\d+(?:[ \t]*[|:])?[ \t]?", "", line) for line in lines)
    return code


def _unescaped(code: str) -> str:
    """With the line ends of a text that was escaped twice."""
    if "\n" in code.strip("\n") or "\\n" not in code:
        return code
    try:
        return json.loads(f'"{code}"', strict=False)
    except ValueError:
        return code.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')


_FSTRING = re.compile(r"(?<!\w)(?:[fF][rR]?|[rR][fF])([\"'])(?!\1\1)")


def _requoted(code: str) -> str:
    """With other quotes inside the braces of f-strings: only Python 3.12 and later can repeat the outer ones there."""
    made, at = [], 0
    for found in _FSTRING.finditer(code):
        if found.start() < at:  # inside another one
            continue
        quote, other = found[1], "'" if found[1] == '"' else '"'
        made.append(code[at : found.end()])
        at, depth = found.end(), 0
        while at < len(code) and (depth or code[at] not in (quote, "\n")):
            step = 2 if code[at] == "\\" or (not depth and code[at : at + 2] in ("{{", "}}")) else 1
            depth += 0 if step == 2 else {"{": 1, "}": -1}.get(code[at], 0)
            made.append(other if depth > 0 and code[at] == quote else code[at : at + step])
            at += step
    return "".join([*made, code[at:]])


_END_MARK = re.compile(
    r"(?:`{1,3}|~{3,}|<\|[\w|]+\|>|(?:</?(?:code|pre|python|answer|solution|program|final_answer)>)+)\Z"
)
_TAGGED = re.compile(
    r"<(?P<tag>answer|solution|code|program|python|final_answer)>(?P<inside>.*?)</(?P=tag)>", re.DOTALL | re.IGNORECASE
)
_FIRST_TAGS = re.compile(r"^[ \t]*(?:<(?:pre|code|python)\b[^<>\n]*>)+(?=[^\n])", re.MULTILINE)
_MENDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    (DEDENTED, _at_margin),
    (DEDENTED, _later_lines_moved),
    (PLAIN_SIGNS, lambda code: code.translate(_ODD)),
    (PLAIN_SIGNS, lambda code: code.translate(_TYPESET)),
    (PLAIN_SIGNS, lambda code: code.expandtabs(4)),
    (PLAIN_SIGNS, lambda code: re.sub(r"^\\(?=[#_*])|\\(?=[_*])", "", code, flags=re.MULTILINE)),
    (REQUOTED, _requoted),
    (UNESCAPED, html.unescape),
    (UNESCAPED, _unescaped),
    (WORDS_CUT, _without_numbers),
    (WORDS_CUT, lambda code: _END_MARK.sub("", code.rstrip()).rstrip()),
)


# Without a fence


def _outside(text: str, blocks: list[Block]) -> str:
    """The text with its blocks replaced by blanks, so that offsets stay the same."""
    for block in blocks:
        text = text[: block.start] + re.sub(r"[^\n]", " ", text[block.start : block.end]) + text[block.end :]
    return text


def _unfenced(text: str, wanted: _Wanted) -> Iterator[FoundProgram]:
    bare = re.sub(r"\A`{1,2}(?!`)", "", _END_MARK.sub("", text.strip("\n").rstrip()).rstrip())
    if not bare.strip():
        return
    lead = len(text) - len(text.lstrip("\n"))
    code, took = _mended(bare)
    if not is_python(code) and _FIRST_TAGS.search(text):  # the first line of code follows the tags
        yield from _unfenced(_FIRST_TAGS.sub(lambda tags: "\n" * len(tags[0]), text), wanted)
        return
    if is_python(code):
        found = _judged(code, (NO_FENCE, *took), lead, wanted)
        if UNDEFINED in found.doubts and (bare_code := _without_words(code)) != code:
            found = _judged(bare_code, (NO_FENCE, *took, WORDS_CUT), lead, wanted)
        if SAYS_NOTHING not in found.doubts and _counts(found.code, whole=True):
            yield found
        return
    some = False
    for start, part in _segments(text):
        facts = facts_of(part)
        if facts is None or not facts.says_something or not _counts(part):
            continue
        if _goes_on(text[start + len(part) :]):
            continue
        found = _judged(part, (NO_FENCE,), start, wanted)
        lines = len([line for line in part.splitlines() if line.strip()])
        if UNDEFINED in found.doubts and lines < 4:
            continue
        if lines > 2 or facts.reads_input or lines * 2 >= len([line for line in bare.splitlines() if line.strip()]):
            some = True
            yield found
    if not some and _looks_like_code(rest := _from_first_line(bare)) and not language_of(bare):
        found = _judged(rest, (NO_FENCE,), lead + bare.find(rest), wanted)
        yield replace(found, cut=(fault_line(rest) or 0) >= rest.count("\n") + 1)


def _without_words(code: str) -> str:
    """A text that compiles without the lines around its program that only look like Python: `Done`, `Idea: O(1)`."""
    body = syntax_tree(code).body
    facts = facts_of(code)
    undefined = set(facts.undefined) if facts else set()

    def is_words(statement: ast.stmt) -> bool:
        match statement:
            case ast.AnnAssign(value=None):
                return True
            case ast.Expr(value=ast.Call(func=ast.Name(id=name))):
                return name in undefined
            case ast.Expr(value=value):
                return not isinstance(value, ast.Call | ast.Await | ast.Yield | ast.ListComp)
        return False

    code_at = [n for n, each in enumerate(body) if not is_words(each)]
    if not code_at:
        return code
    first, last = body[code_at[0]], body[code_at[-1]]
    begin = min([first.lineno, *(each.lineno for each in getattr(first, "decorator_list", []))])
    return "\n".join(code.split("\n")[begin - 1 : last.end_lineno])


def _counts(code: str, *, whole: bool = False) -> bool:
    """Whether a text that compiles is a program: a sentence may be a call ("print(39)"), a list of calls is not."""
    lines = [line for line in code.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return bool(lines) and (whole or len(lines) > 1 or "import" in code or "input" in code)


def _from_first_line(text: str) -> str:
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if _CODE_LINE.match(line) and not line.startswith("#")), None)
    return "" if first is None else "\n".join(lines[first:])


def _looks_like_code(text: str) -> bool:
    """Whether it has several lines, and most of them are lines of Python."""
    lines = [line for line in text.split("\n") if line.strip()]
    alike = [line for line in lines if _CODE_LINE.match(line) or _CLOSERS.match(line)]
    strong = [line for line in alike if re.match(r"[ \t]*(?:import|from|def|class|for|while|print\(|\w+ *=)", line)]
    return len(strong) > 1 and len(alike) * 5 >= len(lines) * 3


def _segments(text: str) -> Iterator[tuple[int, str]]:
    """The ranges of lines that compile and start with a line of code, each with its offset."""
    lines = text.split("\n")
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    at = tried = 0
    while at < len(lines) and tried < MAX_SEGMENTS:
        if not _CODE_LINE.match(lines[at]) or lines[at].startswith("#"):  # a heading of Markdown, or a comment
            at += 1
            continue
        tried += 1
        end = _end_of_code(lines, at)
        if end is None:
            at += 1
            continue
        yield offsets[at], textwrap.dedent("\n".join(lines[at:end])).strip("\n")
        at = end


def _end_of_code(lines: list[str], first: int) -> int | None:
    """The line after the longest range from `first` that compiles, found from the compiler's error positions."""
    margin = len(lines[first]) - len(lines[first].lstrip())
    end = len(lines)
    for number in range(first, len(lines)):  # a less indented line does not belong to it
        line = lines[number]
        if line.strip() and len(line) - len(line.lstrip()) < margin:
            end = number
            break
    for _ in range(MAX_CUTS):
        while end > first and not lines[end - 1].strip():
            end -= 1
        if end <= first:
            return None
        fault = fault_line(textwrap.dedent("\n".join(lines[first:end])))
        if fault is None:
            return end
        # The compiler may report the fault a line too late, and an open bracket at its start.
        end = min(first + fault - 1, end - 1)
    return None


# In JSON


def _of_json(text: str, wanted: _Wanted, start: int = 0) -> Iterator[FoundProgram]:
    if text.strip()[:1] in ('"', "'") and (literal := _literal(text.strip())):
        yield from _of_text(literal, (IN_JSON,), start, wanted)
    if "{" not in text and "[" not in text:
        return
    values = values_in(text)
    if not any(isinstance(each.value, dict) for each in values) and text.lstrip()[:1] == "{":
        try:
            values = [decode(text, text.index("{"))]
        except ValueError:
            values = []
    for each in values[-MAX_VALUES:]:
        for code, how in _texts_of(each.value, wanted.names):
            for found in _of_text(code, how, start, wanted):
                yield replace(found, closed=not each.cut)


def _literal(text: str) -> str:
    """The text in a JSON or Python literal, if the whole text is one literal."""
    try:
        value = ast.literal_eval(syntax_tree(text, "eval"))
    except FAULTS:
        return ""
    return value if isinstance(value, str) else ""


def _of_text(code: str, how: tuple[str, ...], start: int, wanted: _Wanted) -> Iterator[FoundProgram]:
    """The programs in a text of a JSON value, with or without a fence."""
    inner = [each for block in blocks_in(code, _is_whole) for each in _of_block(block, wanted)]
    if inner and not is_python(code):
        for each in inner:
            yield replace(each, how=tuple(dict.fromkeys((*how, *each.how))), start=start)
        return
    mended, took = _mended(code)
    if is_python(mended) or _looks_like_code(mended):
        found = _judged(mended, (*how, *took), start, wanted)
        if SAYS_NOTHING not in found.doubts:
            yield found


def _texts_of(value: Any, names: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The texts in a JSON value whose name says that they are a program, else those that look like one."""
    texts = list(_texts_in(value))
    named = [(text, how) for key, text, how in texts if key in names]
    by_role = [(text, how) for key, text, how in texts if re.search(r"code|program|solution|source|script|answer", key)]
    for chosen in (named, by_role, [(text, how) for _, text, how in texts]):
        programs = [(text, how) for text, how in chosen if _is_program_text(text)]
        if programs:
            yield from programs
            return


def _is_program_text(text: str) -> bool:
    mended, _ = _mended(text)
    facts = facts_of(mended)
    if facts is not None:
        return facts.says_something and ("\n" in mended.strip() or facts.acts)
    return "```" in text or "~~~" in text or _looks_like_code(mended)


def _texts_in(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The texts in a JSON value, each with its key and how it was found."""
    if depth > 5:
        return
    match value:
        case str():
            yield key, value, (IN_JSON,)
        case dict():
            for name, inner in value.items():
                yield from _texts_in(inner, str(name), depth + 1)
        case list() if value and all(isinstance(each, str) for each in value):
            yield key, "\n".join(line.rstrip("\n") for line in value), (IN_JSON, LINES_JOINED)
        case list():
            for inner in value:
                yield from _texts_in(inner, key, depth + 1)


# Together


def _joined(found: list[FoundProgram], wanted: _Wanted) -> Iterator[FoundProgram]:
    """Blocks that form one program together, such as a function and its call."""
    parts = [each for each in found if BROKEN not in each.doubts and OTHER_TAG not in each.doubts]
    parts = sorted({each.code: each for each in parts}.values(), key=lambda each: each.start)
    if whole := [each for each in parts if each.plausible]:
        parts = [each for each in parts if not each.plausible]
    if len(parts) < 2:
        return
    code = "\n\n".join(each.code.strip("\n") for each in parts)
    together = _judged(
        code, (*dict.fromkeys(label for each in parts for label in each.how), JOINED), parts[0].start, wanted
    )
    if len(together.doubts) < min(len(each.doubts) for each in parts):
        yield replace(together, doubts=(*together.doubts, ANOTHER_IS_WHOLE)) if whole else together


def _fault(text: str, blocks: list[Block]) -> NoAnswer:
    if not text.strip():
        return NoAnswer("empty", "no program in the answer: it is empty")
    languages = [language_of(block.body, block.tag) for block in blocks if block.body.strip()]
    language = next(filter(None, reversed(languages)), "" if languages else language_of(text))
    if language:
        return NoAnswer("not Python", f"no program in the answer: it is not Python but {language}", language)
    return NoAnswer("no program", "no program in the answer")
