"""False claims in an answer, as far as they can be checked: sums, and claims about tests.

Only simple claims are checked ("the input is 5", "prints 7"): against the public test or the failure that they are
about, and for other inputs against a known right program. For the latter, the evidence says only that the output
differs. Claims that cannot be checked count as true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from judge.judge import run
from judge.verdict import TestCase
from optimize.credit.evidence import Episode, Step, cut
from optimize.credit.false_sums import agrees, false_sums, sentences
from program.answers.claims import says_test_is_wrong
from program.answers.coercions import normalized
from program.bench.ai_tests import is_like, usable_output
from program.bench.failure import about_source
from signatures.answer_fields import EXPLANATIONS_FIELD, PROGRAM_FIELD, TESTS_FIELD

_NUMBER = r"-?\d+(?:,\d{3})*(?:\.\d+)?"
_VALUE = rf"[\[({{]?\s*(?P<value>\"[^\"\n]+\"|'[^'\n]+'|`[^`\n]+`|{_NUMBER})(?![\w^*/]|[.:,]\d)"
_FILLING = (
    r"(?:\s+(?:is|are|was|were|of|be|should|must|will|would|has|have|to|equals|as|the|a|an|value|number|string|line|list"
    r"|array|then|therefore|also|exactly|contains?|becomes?|which|data)\b)*\s*[:=]?\s*"
)
_OUTPUT = re.compile(rf"\b(?:outputs?|print(?:s|ed)?|return(?:s|ed)?|answers?)\b{_FILLING}{_VALUE}", re.IGNORECASE)
_INPUT = re.compile(rf"\b(?:inputs?|arguments?)\b{_FILLING}{_VALUE}", re.IGNORECASE)
# "prints 2 lines" does not claim an output 2.
_COUNTED = re.compile(
    r"\s*[\])}]?\s*(?:-?(?:st|nd|rd|th)\b|(?:\w+\s+)?(?:integers?|lines?|numbers?|words?|values?|digits?|characters?"
    r"|letters?|times|decimals?|spaces?|strings?|elements?|tests?|cases?|items?|or|to)\b)",
    re.IGNORECASE,
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_EXAMPLE = re.compile(
    rf"\b(?:example|test)\s+(?:test\s+|case\s+)?#?(\d+)\b|\b({'|'.join(_ORDINALS)})\s+(?:example|test)\b", re.IGNORECASE
)
_EACH_EXAMPLE = re.compile(r"(?=\bexample\s+#?\d+\b)", re.IGNORECASE)
_UNSURE = re.compile(r"\b(?:not|never|cannot|instead|rather|unless|otherwise|wrong(ly)?|incorrect(ly)?)\b|n't\b", re.I)
_CONDITION = re.compile(r"\b(?:if|when|whenever|suppose|any|every)\b", re.IGNORECASE)


def false_claims(step: Step, episode: Episode) -> tuple[str, ...]:
    """The false claims of a call, in sentences that reveal nothing about hidden tests; empty if none is known to be
    false.

    Args:
        step, episode: the call and its rollout.
    """
    return tuple(dict.fromkeys(claim for said in _said_in(step, episode) for claim in _false(said, episode)))


@dataclass(frozen=True)
class _Said:
    """A text and its subject: one of some tests, a failure in the prompt (its text is the input and the output), or
    anything; in the last case only sentences that name a test count."""

    text: str
    tests: Sequence[TestCase]
    about: Literal["test", "failure", "anything"]


def _said_in(step: Step, episode: Episode) -> Iterator[_Said]:
    public = episode.problem.tests()
    if name := EXPLANATIONS_FIELD.get(step.stage):
        texts = step.outputs[name]
        own = [[test] for test in public] if len(texts) == len(public) else [public for _ in texts]
        yield from (_Said(text, tests, "test") for text, tests in zip(texts, own, strict=True))
    elif name := TESTS_FIELD.get(step.stage):
        yield from (_Said(each.explanation, [TestCase(each.input, each.output)], "test") for each in step.outputs[name])
    else:
        in_words = [value for name, value in step.outputs.items() if name not in PROGRAM_FIELD.values()]
        words = [text for value in in_words for text in _texts(value)]
        failure = step.inputs.get("failure") or ""
        tests = [TestCase(failure, failure)] if failure else public
        yield from (_Said(text, tests, "failure" if failure else "anything") for text in words)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list() | tuple():
            for item in value:
                yield from _texts(item)
        case BaseModel():
            yield from _texts([getattr(value, name) for name in type(value).model_fields])
        case _:
            pass


def _false(said: _Said, episode: Episode) -> Iterator[str]:
    yield from (f"it says that {cut(claim)}, which is wrong" for claim in false_sums(said.text))
    of_example = said.about == "failure" and about_source("example", episode.words) in said.tests[0].input
    if of_example and says_test_is_wrong(said.text):
        yield "it says that the test is wrong, which is an example of the statement"
    for sentence in sentences(said.text):
        for part in _EACH_EXAMPLE.split(sentence):
            if not _UNSURE.search(part):
                yield from _false_of_tests(part, said, episode)


def _false_of_tests(sentence: str, said: _Said, episode: Episode) -> Iterator[str]:
    inputs, outputs = _claimed(_INPUT, sentence), _claimed(_OUTPUT, sentence)
    named = [] if said.about == "failure" else _named(sentence, episode.problem.tests())
    fitting = [test for test in named or said.tests if all(_holds(test.input, value) for value in inputs)]
    right, bound = episode.words.right, bool(named) or said.about != "anything"
    if inputs and not fitting:
        if bound:
            yield f"it names {cut(inputs[0])} of the input, where that is not"
        elif len(inputs) == len(outputs) == 1 and _is_refuted(inputs[0], outputs[0], episode):
            yield f"it says that the {right} for {cut(inputs[0])} is {cut(outputs[0])}, which it is not"
    elif inputs or (bound and not _CONDITION.search(sentence)):
        wrong = [value for value in outputs if not any(_holds(test.output, value) for test in fitting)]
        where = f"where the {right} is {cut(fitting[0].output)}" if said.about == "test" else "which is not so"
        yield from (f"it claims the {right} {cut(value)}, {where}" for value in wrong)


def _named(sentence: str, public: Sequence[TestCase]) -> list[TestCase]:
    """The public tests that a sentence names by number."""
    named = dict.fromkeys(_EXAMPLE.findall(sentence))
    numbers = [int(number) if number else _ORDINALS.index(word.lower()) + 1 for number, word in named]
    return [public[number - 1] for number in numbers if 0 < number <= len(public)]


def _claimed(pattern: re.Pattern[str], sentence: str) -> list[str]:
    return [match["value"] for match in pattern.finditer(sentence) if not _COUNTED.match(sentence, match.end())]


def _holds(text: str, value: str) -> bool:
    """Whether a test's input or output contains a value: a quoted text, or a number, possibly rounded."""
    if value[0] in "\"'`":
        return normalized(value[1:-1]) in normalized(text)
    numbers = [float(each.replace(",", "")) for each in re.findall(_NUMBER, text)]
    numbers += [float(each) for each in re.findall(r"\d+(?:\.\d+)?", text)]  # "1,200" may be two numbers, "5-3" too
    return any(agrees(each, float(value.replace(",", "")), len(value.partition(".")[2])) for each in numbers)


def _is_refuted(given: str, claimed: str, episode: Episode) -> bool:
    """Whether a known right program gives another output for an input in the form of the examples."""
    problem = episode.problem
    text = given.replace(",", "") if given[0] not in "\"'`" or problem.function else given[1:-1]
    if not episode.known.right or not is_like(text, [test.input for test in problem.public_tests], problem.function):
        return False
    (result,) = run(episode.known.right[0], [f"{text}\n"], problem.limits(), checker=problem.checker())
    return usable_output(result, problem.function) and not _holds(result.output, claimed)
