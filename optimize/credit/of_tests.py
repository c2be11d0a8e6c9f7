"""Credit of the stages about tests: the tests that a model writes, and its explanations of the examples."""

from __future__ import annotations

import re
from collections.abc import Sequence

from judge.judge import judge
from judge.literals import arguments_of
from judge.value_texts import literal
from judge.verdict import TestCase, Verdict
from optimize.credit.evidence import Credit, Episode, Step, cut
from program.answers.coercions import normalized
from program.bench.ai_tests import can_be_expected, usable_tests
from program.steps.understand import MAX_BULLETS
from signatures.answer_fields import EXPLANATIONS_FIELD, TESTS_FIELD

RIGHT_PROGRAMS, WRONG_PROGRAMS = 3, 5  # maximum programs per test
LONG_OUTPUT = 12  # tokens; an explanation need not contain all of a longer output
NAMED_OF_INPUT = 2  # different numbers or words of the input; all if there are fewer
_TOKEN = re.compile(r"-?\d+(?:\.\d+)?|[^\W\d_]+")


def of_tests(step: Step, episode: Episode) -> Credit:
    """Validity: known right programs print the claimed output of each test. Discrimination: known wrong ones do not.

    Proven if every written test is useful and valid; the score grows with the number of wrong programs that fail the
    tests.
    """
    written = step.outputs[TESTS_FIELD[step.stage]]
    tests = usable_tests(written, episode.problem)
    said = []
    if len(tests) < len(written):
        useless = f"{len(written) - len(tests)} of {len(written)} tests"
        said.append(f"{useless} are empty, unlike the examples or a repeat of one")
    if not tests:
        return Credit(0.0, False, (*said, "no test is left that says anything new"))
    if not episode.known.right:
        return Credit(0.0, False, (*said, f"no right {episode.words.it} is known to check the tests by"))
    checked = [_validity(number, test, episode) for number, test in enumerate(tests, 1)]
    said += [sentence for _, sentence in checked]
    valid = sum(is_valid for is_valid, _ in checked) / len(written)
    caught = _caught(tests, episode)
    wrong = len(episode.known.wrong[:WRONG_PROGRAMS])
    if wrong and valid == 1.0:
        said.append(f"they catch {caught} of {wrong} known wrong {episode.words.it}s")
    weight = 0.5 + 0.5 * caught / wrong if wrong else 1.0
    return Credit(valid * weight, valid == 1.0, tuple(said))


def is_valid(test: TestCase, episode: Episode) -> bool:
    """Whether all known right programs, if any, print the output that a test claims."""
    if not can_be_expected(test.output, episode.problem.function):
        return False
    return not episode.known.right or _validity(0, test, episode)[0]


def _validity(number: int, test: TestCase, episode: Episode) -> tuple[bool, str]:
    results = _results(episode.known.right[:RIGHT_PROGRAMS], test, episode)
    ran = [result for result in results if result.verdict in (Verdict.AC, Verdict.WA)]
    words = episode.words
    many = f"{len(ran)} accepted {words.it}s {words.give}" if len(ran) > 1 else f"an accepted {words.it} {words.gives}"
    if not ran:
        given = words.input.lower()
        return False, f"test {number}: accepted {words.it}s fail on its {given}, so it breaks a rule of the statement"
    if all(result.passed for result in ran):
        return True, f"test {number}: {many} what it claims"
    if any(result.passed for result in ran):
        return False, f"test {number}: accepted {words.it}s {words.give} different {words.answer}s"
    if _is_hidden(test.input, episode):
        return False, f"test {number} claims {cut(test.output)}; {many} something else"
    return False, f"test {number} claims {cut(test.output)}; {many} {cut(ran[0].output) or 'nothing'}"


def _is_hidden(given: str, episode: Episode) -> bool:
    """Whether an input is the input of a hidden test. Named and positional arguments are equal."""
    if episode.problem.function:
        arguments, named = arguments_of(given)
        given = ", ".join(map(literal, (*arguments, *named.values())))
    return normalized(given) in episode.hidden


def _caught(tests: Sequence[TestCase], episode: Episode) -> int:
    """How many known wrong programs fail one of the tests."""
    programs = episode.known.wrong[:WRONG_PROGRAMS]
    return sum(any(not result.passed for test in tests for result in _results([p], test, episode)) for p in programs)


def _results(programs: Sequence[str], test: TestCase, episode: Episode):
    limits, checker = episode.problem.limits(), episode.problem.checker()
    return [judge(program, [test], limits, checker=checker).results[0] for program in programs]


def of_explanations(step: Step, episode: Episode) -> Credit:
    """An explanation counts as right if it starts from the input of its example and arrives at the output. This is a
    weak check: the reasoning between is not checked, and the model saw both."""
    explanations = step.outputs[EXPLANATIONS_FIELD[step.stage]]
    tests = episode.problem.public_tests[:MAX_BULLETS]  # the flow asks for at most this many
    said, derived = [], 0
    for number, test in enumerate(tests, 1):
        explanation = explanations[number - 1] if number <= len(explanations) else ""
        if not explanation:
            said.append(f"explanation {number} is missing; it should arrive at {cut(test.output)}")
        elif not _arrives_at(explanation, test.output):
            said.append(f"explanation {number} does not arrive at {cut(test.output)}")
        elif not _starts_from(explanation, test.input, test.output):
            said.append(f"explanation {number} arrives at {cut(test.output)}, but names too little of the input before")
        else:
            derived += 1
            said.append(f"explanation {number} starts from the input and arrives at {cut(test.output)}")
    share = derived / len(tests) if tests else 0.0
    return Credit(share, share == 1.0, tuple(said))


def _arrives_at(explanation: str, output: str) -> bool:
    """Whether an explanation ends with the output; for a long output, whether it contains its beginning."""
    wanted, named = _TOKEN.findall(output.lower()), _TOKEN.findall(explanation.lower())
    if not wanted:
        return not output.strip() or output.strip() in explanation
    if len(wanted) > LONG_OUTPUT:
        return _occurs(wanted[:3], named)
    return _occurs(wanted, named) and _last_number(named) in (None, *wanted)


def _starts_from(explanation: str, input: str, output: str) -> bool:
    """Whether an explanation names enough of the input before the output: numbers if the input has any, else words."""
    given, wanted, named = (_TOKEN.findall(text.lower()) for text in (input, output, explanation))
    sought = {token for token in given if _is_number(token)} or set(given)
    return len(sought & set(named[: _last_place(wanted, named)])) >= min(NAMED_OF_INPUT, len(sought))


def _occurs(part: list[str], whole: list[str]) -> bool:
    return _last_place(part, whole) is not None


def _last_place(part: list[str], whole: list[str]) -> int | None:
    """The last position of `part` in `whole`."""
    places = range(len(whole) - len(part), -1, -1)
    return next((place for place in places if whole[place : place + len(part)] == part), None)


def _is_number(token: str) -> bool:
    return token.lstrip("-")[:1].isdigit()


def _last_number(tokens: list[str]) -> str | None:
    return next((token for token in reversed(tokens) if _is_number(token)), None)
