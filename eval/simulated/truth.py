"""What is true of the problems the simulated LM answers about: programs, plans and tests that are right or wrong.

It uses the known programs and the public tests; hidden tests are never asked for.
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

MAX_TESTS = 6  # AI tests made for one problem: as many as the flow asks for
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
        """Wrong programs of a problem that pass all its public tests, or of which each fails one: of the known ones,
        or one that knows the examples by heart, or nothing. Without public tests all pass."""
        if (name, passes) not in self._wrong:  # two threads may both run them, which changes nothing
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
        """The outputs of the public tests of a problem by their inputs, without the blank lines around these."""
        problem = self._problems.get(name)
        return {test.input.strip(): test.output for test in problem.public_tests} if problem else {}

    def entry_point(self, name: str) -> str:
        """Of the function that a problem asks for; empty where it asks for a program."""
        problem = self._problems.get(name)
        return problem.function.entry_point if problem and problem.function else ""

    def right_solution(self, name: str) -> str:
        """The name that, among proposed solutions of the problem, stands for the right one."""
        return f"approach {random.Random(f'solution of {name}').choice('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}"

    def valid_tests(self, name: str) -> list[TestCase]:
        """Tests with the output of the right programs, at most `MAX_TESTS`, made from public ones by small changes.

        Made at the first call for a problem, which runs known programs and so takes about a second.
        """
        with self._lock:
            if name not in self._tests:
                self._tests[name] = self._make_tests(self._problems[name])
            return self._tests[name]

    def output(self, name: str, text: str) -> str:
        """What a right program prints for this input of a problem; empty where it crashes."""
        key = name, text.strip("\n")
        if key not in self._outputs:  # two threads may both run it, which changes nothing
            self._outputs[key] = self._answered(name, f"{key[1]}\n").output
        return self._outputs[key]

    def wrong_output(self, name: str, output: str, *, another: bool = False) -> str:
        """An output that is not accepted for a problem where `output` is expected; `another` than that for False."""
        problem = self._problems.get(name)
        if problem and problem.function:
            return wrong_value(literal([output]) if another else output)
        return f"{output.rstrip()} 7\n" if another else wrong_output(output)

    def solves(self, name: str, code: str) -> bool:
        """Whether this is one of the known right programs of a problem; the simulated LM writes no other right ones."""
        return code.strip() in {program.strip() for program in self._known[name].right}

    def is_right(self, stage: str, name: str, answer: dict[str, Any]) -> bool:
        """Whether a parsed answer of `stage`, a signature's name, is right; False where nothing is known about it."""
        match stage:
            case "SolveDirectly" | "SolveStepByStep" | "SolveWithLessons" | "WriteCode" | "WriteBruteForce":
                return self.solves(name, answer["code"])
            case "FixCode":
                return self.solves(name, answer["fixed_code"])
            case "RankSolutions":
                return answer["ranking"][0].strip() == self.right_solution(name)
            case "ExplainTests" | "CheckExplanations":
                outputs = [" ".join(test.output.split()) for test in self._problems[name].public_tests]
                said = answer["explanations" if stage == "ExplainTests" else "checked"]
                return len(said) >= len(outputs) and all(map(str.endswith, said, outputs))
            case "WriteTests" | "CheckTests":
                tests = answer["tests" if stage == "WriteTests" else "checked"]
                return self._all_valid(name, tuple(TestCase(test.input, test.output) for test in tests))
            case _:
                return False

    def _all_valid(self, name: str, tests: tuple[TestCase, ...]) -> bool:
        with self._lock:
            if (name, tests) not in self._judged:
                self._judged[name, tests] = self._judged_right(name, tests).all_passed
            return self._judged[name, tests]

    def _answered(self, name: str, text: str) -> TestResult:
        """What one of the right programs gives for an input."""
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
            # A changed input may break a rule of the statement; that two right programs agree makes it likely sound.
            if usable_output(first, problem.function) and self._judged_right(problem.name, [test], -1).all_passed:
                made[text] = test
            if len(made) == MAX_TESTS:
                break
        return list(made.values()) or problem.tests()


def _with_wrong(known: Known, problem: Problem) -> Known:
    """The programs with a wrong one: sets of functions have none, so there it returns the right value in a list."""
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
    """A value of a function that no comparison accepts where that of `text` is expected."""
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
    """An output that the checker does not accept where `output` is expected."""
    tokens = list(re.finditer(r"\S+", output))
    if not tokens:
        return "0\n"
    last = tokens[-1]
    word = last.group()
    changed = _OPPOSITE.get(word) or (str(int(word) + 1) if _NUMBER.fullmatch(word) else f"7{word}")
    return output[: last.start()] + changed + output[last.end() :]
