"""The truth about the problems of the simulated LM: right and wrong programs, plans and tests.

It uses the known programs and the public tests, never the hidden tests.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Sequence
from typing import Any

from eval.data.problem_set import DataError, Known, ProblemSet
from eval.simulated.changed_inputs import changed_inputs
from eval.simulated.memorizing import memorizing
from judge.judge import judge, run
from judge.literals import NoLiteral, value_of
from judge.value_texts import literal
from judge.verdict import Report, TestCase, TestResult
from program.bench.ai_tests import usable_output
from program.problem import Problem
from signatures.answer_fields import EXPLANATIONS_FIELD, PROGRAM_FIELD, TESTS_FIELD

MAX_TESTS = 6  # AI tests for one problem: as many as the flow asks for
_NUMBER = re.compile(r"-?\d+")
_OPPOSITE = {"YES": "NO", "NO": "YES", "Yes": "No", "No": "Yes"}


class Truth:
    """Right and wrong answers by problem name.

    Raises:
        DataError: a problem has no right or no wrong program.
    """

    def __init__(self, sets: Sequence[ProblemSet]) -> None:
        self._problems: dict[str, Problem] = {}
        self._known: dict[str, Known] = {}
        for problems in sets:
            for problem in problems.problems:
                known = _with_wrong(problems.known(problem.name), problem)
                if not known.right or not known.wrong:
                    raise DataError(f"{problems.data}: {problem.name!r} lacks a known right or wrong Python 3 program")
                self._problems.setdefault(problem.name, problem)
                self._known.setdefault(problem.name, known)
        self._tests: dict[str, list[TestCase]] = {}
        self._wrong: dict[tuple[str, bool], tuple[str, ...]] = {}
        self._outputs: dict[tuple[str, str], str] = {}
        self._judged: dict[tuple[str, tuple[TestCase, ...]], bool] = {}
        self._lock = threading.Lock()

    def problem(self, name: str) -> Problem | None:
        return self._problems.get(name)

    def known(self, name: str) -> Known:
        return self._known[name]

    def wrong(self, name: str, passes: bool) -> tuple[str, ...]:
        """Wrong programs of a problem that all pass its public tests, or that each fail one: known ones, or else a
        program that memorized the examples, or nothing. Without public tests all pass."""
        if (name, passes) not in self._wrong:  # two threads may both run them, which is harmless
            problem, known = self._problems[name], self._known[name].wrong
            fitting = tuple(each for each in known if self.passes_public(name, each) == passes)
            answers = self.examples(name) if passes else {}
            made = memorizing(answers, self.entry_point(name)) if problem.public_tests else known[0]
            self._wrong[name, passes] = fitting or (made,)
        return self._wrong[name, passes]

    def passes_public(self, name: str, code: str) -> bool:
        problem = self._problems[name]
        return judge(code, problem.tests(), problem.limits(), checker=problem.checker()).all_passed

    def examples(self, name: str) -> dict[str, str]:
        """The outputs of the public tests of a problem by input, without surrounding blank lines."""
        problem = self._problems.get(name)
        return {test.input.strip(): test.output for test in problem.public_tests} if problem else {}

    def entry_point(self, name: str) -> str:
        """The entry point of a function problem; empty if the problem asks for a program."""
        problem = self._problems.get(name)
        return problem.function.entry_point if problem and problem.function else ""

    def right_solution(self, name: str) -> str:
        """The name of the right solution among the proposed solutions of the problem."""
        return f"approach {random.Random(f'solution of {name}').choice('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}"

    def valid_tests(self, name: str) -> list[TestCase]:
        """Tests with the output of the right programs, at most `MAX_TESTS`, made from public tests by small changes.

        The first call for a problem runs known programs, which takes about a second.
        """
        with self._lock:
            if name not in self._tests:
                self._tests[name] = self._make_tests(self._problems[name])
            return self._tests[name]

    def output(self, name: str, text: str) -> str:
        """The output of a right program for this input of a problem; empty if it crashes."""
        key = name, text.strip("\n")
        if key not in self._outputs:  # two threads may both run it, which is harmless
            self._outputs[key] = self._answered(name, f"{key[1]}\n").output
        return self._outputs[key]

    def wrong_output(self, name: str, output: str, *, another: bool = False) -> str:
        """A wrong output for a problem if `output` is expected; with `another`, a second, different one."""
        problem = self._problems.get(name)
        if problem and problem.function:
            return wrong_value(literal([output]) if another else output)
        return f"{output.rstrip()} 7\n" if another else wrong_output(output)

    def solves(self, name: str, code: str) -> bool:
        """Whether this is one of the known right programs of a problem; the simulated LM writes no other right ones."""
        return code.strip() in {program.strip() for program in self._known[name].right}

    def is_right(self, stage: str, name: str, answer: dict[str, Any]) -> bool:
        """Whether a parsed answer of `stage`, a signature's name, is right; False if unknown."""
        match stage:
            case _ if stage in PROGRAM_FIELD:
                return self.solves(name, answer[PROGRAM_FIELD[stage]])
            case "RankSolutions":
                return answer["ranking"][0].strip() == self.right_solution(name)
            case "ExplainTests" | "CheckExplanations":
                outputs = [" ".join(test.output.split()) for test in self._problems[name].public_tests]
                said = answer[EXPLANATIONS_FIELD[stage]]
                return len(said) >= len(outputs) and all(map(str.endswith, said, outputs))
            case "WriteTests" | "CheckTests":
                tests = answer[TESTS_FIELD[stage]]
                return self._all_valid(name, tuple(TestCase(test.input, test.output) for test in tests))
            case _:
                return False

    def _all_valid(self, name: str, tests: tuple[TestCase, ...]) -> bool:
        with self._lock:
            if (name, tests) not in self._judged:
                self._judged[name, tests] = self._judged_right(name, tests).all_passed
            return self._judged[name, tests]

    def _answered(self, name: str, text: str) -> TestResult:
        """The result of one of the right programs for an input."""
        problem = self._problems[name]
        return run(self._known[name].right[0], [text], problem.limits(), checker=problem.checker())[0]

    def _judged_right(self, name: str, tests: Sequence[TestCase], place: int = 0) -> Report:
        """The report on one of the right programs."""
        problem = self._problems[name]
        return judge(self._known[name].right[place], tests, problem.limits(), checker=problem.checker())

    def _make_tests(self, problem: Problem) -> list[TestCase]:
        made: dict[str, TestCase] = {}
        for text in changed_inputs(problem):
            first = self._answered(problem.name, text)
            test = TestCase(text, first.output)
            # A changed input may break a rule of the statement. If two right programs agree, it is probably valid.
            if usable_output(first, problem.function) and self._judged_right(problem.name, [test], -1).all_passed:
                made[text] = test
            if len(made) == MAX_TESTS:
                break
        return list(made.values()) or problem.tests()


def _with_wrong(known: Known, problem: Problem) -> Known:
    """The programs with a wrong one. Function datasets have no wrong programs; there it returns the right value in a
    list."""
    function = problem.function
    if function is None or known.wrong:
        return known
    kind, _, name = function.entry_point.rpartition(".")
    place = f"{kind}.{name}" if kind else name
    wrong = (
        f"{right.rstrip()}\n\n\n_right = {place}\n\n\ndef _wrong(*given, **named):\n"
        f"    return [_right(*given, **named), 'wrong']\n\n\n{place} = _wrong\n"
        for right in known.right[:1]
    )
    return Known(known.right, tuple(wrong))


def wrong_value(text: str) -> str:
    """A value that no comparison accepts if the value of `text` is expected."""
    try:
        value = value_of(text)
    except NoLiteral:
        return literal("wrong")
    if isinstance(value, bool):
        return literal(not value)
    if isinstance(value, int | float):
        return literal(value + 1)
    return literal([value, "wrong"])


def wrong_output(output: str) -> str:
    """An output that the checker does not accept if `output` is expected."""
    tokens = list(re.finditer(r"\S+", output))
    if not tokens:
        return "0\n"
    last = tokens[-1]
    word = last.group()
    changed = _OPPOSITE.get(word) or (str(int(word) + 1) if _NUMBER.fullmatch(word) else f"7{word}")
    return output[: last.start()] + changed + output[last.end() :]
