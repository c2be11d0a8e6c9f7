"""Examples of a function that its statement or docstring shows in words."""

from __future__ import annotations

import ast
import re
from typing import Any

from eval.data.layouts.calls import arguments_text, value_at
from judge.literals import NoLiteral, syntax_tree, value_of
from judge.value_texts import literal
from judge.verdict import TestCase

LONGEST = 2000  # characters of an example's arguments


def shown_examples(text: str, starter_code: str, entry_point: str) -> list[TestCase]:
    """The examples of a function that a text shows: calls, or values of its parameters if it shows no calls.

    Args:
        text: words around them.
        starter_code: has the signature of the function; if the signature cannot be read, only calls are found.
        entry_point: the function, or a method with its class.
    """
    name = entry_point.rpartition(".")[2]
    return examples_in_words(text, name) or examples_by_parameters(text, parameters_of(starter_code, name))


def parameters_of(starter_code: str, name: str) -> list[str]:
    """The names of a function's parameters without `self`; empty if the signature cannot be read."""
    signature = re.search(rf"def {re.escape(name)}\(.*?\)[^\n():]*:[ \t]*$", starter_code, re.DOTALL | re.MULTILINE)
    try:
        made = syntax_tree(f"{signature[0]} pass").body[0] if signature else None
    except SyntaxError:
        return []
    return [each.arg for each in made.args.args if each.arg != "self"] if isinstance(made, ast.FunctionDef) else []


def examples_by_parameters(text: str, parameters: list[str]) -> list[TestCase]:
    """The examples in the forms "For x = 1, y = 2 the output should be 3" and "Input: x = 1, y = 2", "Output: 3".

    With one parameter its name may be missing. An example that is not plain is left out.
    """
    found: dict[str, TestCase] = {}
    shown = [each for form in _BY_PARAMETERS for each in form.finditer(text)] if parameters else []
    for example in shown:
        given = _given(" ".join(example["given"].split()), parameters)
        value = _value_before(example["value"])
        if given is not None and value is not None:
            found.setdefault(given, TestCase(given, value))
    return list(found.values())


_BY_PARAMETERS = (
    re.compile(
        rf"\bFor (?P<given>[^\n]{{1,{LONGEST}}}?),?[ \t]+the (?:output|result) should be[ \t]+(?P<value>[^\n]+)"
    ),
    re.compile(rf"\bInput:\s*(?P<given>(?:(?!Input:).){{1,{LONGEST}}}?)\n\s*Output:\s*(?P<value>[^\n]+)", re.DOTALL),
)


def _given(text: str, parameters: list[str]) -> str | None:
    """The arguments in "x = 1, y = [2]", in the order of the parameters; None if other parameters are named."""
    names = "|".join(map(re.escape, parameters))
    begins = list(re.finditer(rf"(?:^|[,;\s])({names})\s*[=:]\s*", text))
    if [each[1] for each in begins] == parameters:
        ends = [*(each.start() for each in begins[1:]), len(text)]
        values = [_value_before(text[each.end() : end]) for each, end in zip(begins, ends, strict=True)]
        return None if None in values else ", ".join(filter(None, values))
    if begins or len(parameters) > 1:
        return None
    return _value_before(text)


def examples_in_words(text: str, name: str) -> list[TestCase]:
    """The calls of a function that a text shows with their values, as `>>>`, "f(1) == 2", "f(1) ➞ 2" and similar.

    An example with a value that is not a literal is left out.
    """
    found: dict[str, TestCase] = {}
    for begin in re.finditer(rf"(?<![\w.]){re.escape(name)}\(", text):
        call, end = _call_at(text, begin.start())
        if call is None:
            continue
        doctest = re.search(r">>>[^\n]*\Z", text[: begin.start()]) is not None
        rest = text[end:]
        said = _RESULT.match(rest) or (_NEXT_LINE.match(rest) if doctest else None)
        value = _value_before(rest[said.end() :]) if said and not (doctest and _IS_FALSE.match(rest)) else None
        if value is not None:
            found.setdefault(arguments_text(call), TestCase(arguments_text(call), value))
    return list(found.values())


_RESULT = re.compile(
    r"[ \t`#]*(?:==?>|==?|[-=]>|\u279e|\u2192|\u21d2|[Rr]eturns?|should (?:return|be(?: equal to)?))"
    r"[ \t`]*:?[ \t]*\n?[ \t]*"
)
_IS_FALSE = re.compile(r"[^\n]*==[^\n]*\n\s*False\b")  # a doctest of a comparison
_NEXT_LINE = re.compile(r"[ \t]*\n[ \t]*(?=\S)(?!>>>)")


def _call_at(text: str, begin: int) -> tuple[list[Any] | None, int]:
    """The arguments of the call that begins at `begin`, and the call's end; None if they are not literals."""
    for end in re.finditer(r"\)", text[begin : begin + 2000]):
        piece = " ".join(text[begin : begin + end.end()].split("\n"))
        try:
            node = syntax_tree(piece, "eval").body
        except (SyntaxError, ValueError):
            continue
        if isinstance(node, ast.Call) and not node.keywords:
            try:
                return [value_at(each) for each in node.args], begin + end.end()
            except NoLiteral:
                return None, 0
        return None, 0
    return None, 0


def _value_before(text: str) -> str | None:
    """The text of the value at the beginning of a line, or the result of a sum in it ("19 - 5 - 6 = 8"); None if there
    is none."""
    line = text.partition("\n")[0].rstrip(" \t,;")
    ends = [each.start() for each in re.finditer(r"[\s.,;`#)]", line) if not _GOES_ON.match(line, each.start())]
    summed = _SUM.match(line)
    if _THOUSANDS.match(line):  # "1,000" is a tuple for Python
        return None
    for piece in (line, *([summed["value"]] if summed else ()), *(line[:end].rstrip(" ,") for end in reversed(ends))):
        if piece != line and not summed and not _ENDS.match(line[len(piece) :]):
            continue
        try:
            return literal(value_of(_SENTENCE_END.sub("", piece), _word))
        except NoLiteral:
            continue
    return None


def _word(node: ast.AST) -> Any:
    if isinstance(node, ast.Name) and node.id in ("true", "false"):
        return node.id == "true"
    raise NoLiteral(f"no literal: {type(node).__name__}")


_SUM = re.compile(r"[\d.]+(?: *[-+*/%]+ *[\d.]+)+ = (?P<value>[-\d.]*\d)")
_SENTENCE_END = re.compile(r"(?<=\d)\.$")  # no decimal point
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+(?![\d,])")
# What may follow a value: the end of a sentence, marks, or a remark. In "2 or 3", "1 2" and "2 f(3)" it goes on.
_ENDS = re.compile(
    r"[`'\")\].;:]*\s*(?:\Z|[#(/]|--|<-|[,.;]\s*[A-Za-z]|(?:as|because|but|explanation|for|if(?!.*\belse\b)|since|so|when|"
    r"where|which|with)\b(?!\s*[-\d\"'\[({]))",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"\s*[-+*/%=<>]")
