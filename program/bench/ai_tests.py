"""Decides which AI tests can be used.

As far as possible, an input is compared with the examples only, without using the statement.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Sequence

from judge.checker import Checker
from judge.literals import NoLiteral, arguments_of, is_value, value_of
from judge.value_texts import literal
from judge.verdict import TestCase, TestResult
from program.problem import AskedFunction, Problem
from program.rollout.context import trace
from program.rollout.decisions import AITestsLeftOut, LeftOut
from signatures.fields import AITest

MAX_CHARACTERS = 20_000
PROMPT_CHARACTERS = 2000  # of a test that fit into a prompt; a test written as an expression may be longer


def usable_tests(tests: Sequence[AITest], problem: Problem) -> list[TestCase]:
    """The tests that add something new, in the format of the examples.

    Left out are: empty and huge tests, repeats, inputs unlike those of the public tests, and public inputs, because
    their outputs are known: such a test adds nothing or is wrong. For a function, the arguments and the value must be
    literals, and the arguments must be like those of the examples.
    """
    public = [test.input for test in problem.public_tests]
    if problem.function:
        tests = [_as_literals(test, problem.function) for test in tests]
    known = {_plain(text) for text in public}
    usable: dict[str, TestCase] = {}
    left_out: Counter[LeftOut] = Counter()
    for test in tests:
        if _is_huge(test):
            left_out["huge"] += 1
            continue
        key = _plain(test.input)
        if not key or not test.output.strip():
            left_out["empty"] += 1
        elif key in known or key in usable:
            left_out["repeated"] += 1
        elif not can_be_expected(test.output, problem.function):
            left_out["no literals"] += 1
        elif not is_like(test.input, public, problem.function):
            left_out["unlike the examples"] += 1
        else:
            usable[key] = TestCase(test.input.strip("\n") + "\n", test.output.strip("\n") + "\n")
    if left_out:
        trace().decide(AITestsLeftOut(written=len(tests), reasons=dict(left_out)))
    return list(usable.values())


def _as_literals(test: AITest, function: AskedFunction) -> AITest:
    """The test with its arguments and its value as `judge.value_texts` writes them; unchanged if they are not literals.
    A complete call is accepted in place of the arguments, and JSON's words in place of Python's."""
    given, output = test.input.strip(), test.output.strip()
    called = re.fullmatch(rf"(?:\w+\(\)\.)?{re.escape(function.name)}\((?P<given>.*)\)", given, re.DOTALL)
    given = called["given"] if called else given
    if _is_huge(test):
        return test
    try:
        arguments, named = arguments_of(given, _json_word)
        value = value_of(output, _json_word)
    except NoLiteral:
        return test
    words = [*map(literal, arguments), *(f"{name}={literal(each)}" for name, each in named.items())]
    return test.model_copy(update={"input": ", ".join(words), "output": literal(value)})


def _json_word(node: ast.AST) -> bool | None:
    if isinstance(node, ast.Name) and node.id in _JSON_WORDS:
        return _JSON_WORDS[node.id]
    raise NoLiteral(f"not a literal: {ast.unparse(node)[:80]}")


_JSON_WORDS = {"true": True, "false": False, "null": None}


def is_like(text: str, examples: Sequence[str], function: AskedFunction | None) -> bool:
    """Whether an input looks like the inputs of the examples.

    Args:
        text: the input to check.
        examples: valid inputs; if there are none, every input (for a function, every literal) is accepted.
        function: the function that the problem asks for; None for a program.
    """
    return calls_like(text, examples) if function else looks_like(text, examples)


def calls_like(text: str, examples: Sequence[str]) -> bool:
    """Whether `text` contains the arguments of a call like the examples: the same number as in one of the examples, and
    each of a type that an example has at this position.

    Args:
        text: the arguments to check.
        examples: the arguments of valid calls; if there are none, all literals are accepted.
    """
    try:
        given = _kinds(text)
        shown = [_kinds(example) for example in examples]
    except NoLiteral:
        return False
    alike = [kinds for kinds in shown if len(kinds) == len(given)]
    if not alike:
        return not examples
    return all(kind in {kinds[place] for kinds in shown if place < len(kinds)} for place, kind in enumerate(given))


def _kinds(text: str) -> list[str]:
    given, named = arguments_of(text)
    every = [*given, *named.values()]
    return ["number" if isinstance(each, int | float) else type(each).__name__ for each in every]


def _is_huge(test: AITest) -> bool:
    return len(test.input) > MAX_CHARACTERS or len(test.output) > MAX_CHARACTERS


def fits_prompt(text: str) -> bool:
    """Whether a text of a test is short enough for a prompt."""
    return len(text) <= PROMPT_CHARACTERS


def majority_output(outputs: Sequence[str], checker: Checker) -> str | None:
    """The output that more than half of the programs agree on; None if there is none.

    Args:
        outputs: the outputs of different programs on one input; empty for a program without a usable output.
        checker: compares outputs.
    """
    winner = max(outputs, key=lambda output: _supporters(output, outputs, checker), default="")
    return winner if winner and 2 * _supporters(winner, outputs, checker) > len(outputs) else None


def can_be_expected(output: str, function: AskedFunction | None) -> bool:
    """Whether the judge can compare with this output: for a function it must be a value."""
    return function is None or is_value(output)


def usable_output(result: TestResult, function: AskedFunction | None = None) -> bool:
    """Whether the output of a program can be used as an expected output; for a function it must be a plain value."""
    if result.crashed or not result.output.strip() or len(result.output) > MAX_CHARACTERS:
        return False
    return can_be_expected(result.output, function)


def made_inputs(results: Sequence[TestResult], examples: Sequence[str], function: AskedFunction | None) -> list[str]:
    """The inputs from runs of a generator that look like the examples, without duplicates; see `is_like`."""
    made = dict.fromkeys(result.output for result in results if usable_output(result))
    texts = dict.fromkeys(text.strip() if function else text for text in made)
    return [text for text in texts if is_like(text, examples, function)]


def _supporters(output: str, votes: Sequence[str], checker: Checker) -> int:
    return sum(bool(vote) and checker.matches(vote, output) for vote in votes)


def _plain(text: str) -> str:
    return " ".join(text.split())


_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d++\.?\d*+|\.\d++)([eE][+-]?\d++)?")


def looks_like(text: str, examples: Sequence[str]) -> bool:
    """Whether `text` has what the first lines of all examples have in common, and has no words where they have numbers.

    Args:
        text: the input to check.
        examples: valid inputs; if there are none, every text is accepted.
    """
    if not examples:
        return True
    kinds = {_kind(token) for example in examples for token in example.split()}
    if not {_kind(token) for token in text.split()} <= _allowed(kinds):
        return False
    firsts = [_first_line(example) for example in examples]
    counts = {len(first) for first in firsts}
    # If there is one example whose first line is a list, the length of other lists is unknown.
    if len(counts) == 1 and (len(examples) > 1 or counts == {1}):
        first = _first_line(text)
        if len(first) != counts.pop():
            return False
        columns = zip(first, *firsts, strict=True)
        return all(_kind(token) in _allowed({_kind(each) for each in others}) for token, *others in columns)
    return True


def _first_line(text: str) -> list[str]:
    return text.strip().partition("\n")[0].split()


def _kind(token: str) -> str:
    if _INTEGER.fullmatch(token):
        return "integer"
    return "number" if _NUMBER.fullmatch(token) else "word"


def _allowed(seen: set[str]) -> set[str]:
    """The kinds of token that are allowed where `seen` occurred: an integer in place of a number, and anything in place
    of a word."""
    if "word" in seen:
        return {"integer", "number", "word"}
    return {"integer", "number"} if "number" in seen else {"integer"}
