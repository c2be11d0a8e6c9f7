"""The input of credit: a rollout, its calls with the values of their fields, and the data to check them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eval.data.problem_set import Known
from eval.rollouts.score import Score
from judge.verdict import TestCase
from program.bench.ai_tests import can_be_expected, usable_tests
from program.bench.words import Words, words_for
from program.bench.workbench import TRACED_CHARACTERS
from program.problem import Problem
from program.rollout.trace import Trace

SENTENCE_CHARACTERS = 60  # of a text in a sentence


@dataclass(frozen=True)
class Step:
    """One call with a readable answer.

    stage: the name of the signature.
    predictor: the name of the predictor in the program.
    inputs, outputs: fields and their values.
    """

    stage: str
    predictor: str
    inputs: dict[str, Any] = field(repr=False)
    outputs: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Credit:
    """The credit of a call.

    score: 0 to 1.
    proven: whether it may be a demonstration.
    evidence: the reasons, in sentences that reveal nothing about hidden tests.
    """

    score: float
    proven: bool
    evidence: tuple[str, ...]


@dataclass
class Episode:
    """One rollout with all data to check its calls.

    problem: of the rollout.
    known: right and wrong programs for it.
    hidden: inputs of the hidden tests, so that evidence about the model's tests does not reveal them.
    steps: the readable calls, in order.
    trace: the other events of the flow.
    score: judges a program on all tests.
    is_right: whether the metric of a program is at least `threshold`; quicker than `rate`.
    threshold: minimum score of a program that counts as right.
    measure: the number in a `Score` that is the metric.
    others: other rollouts of the same problem.
    sample: its number.
    """

    problem: Problem
    known: Known
    hidden: frozenset[str]
    steps: list[Step]
    trace: Trace
    score: Callable[[str], Score]
    is_right: Callable[[str], bool]
    threshold: float
    measure: Callable[[Score], float]
    others: Sequence[Episode] = ()
    sample: int = 0

    @property
    def words(self) -> Words:
        """The wording for programs or functions, as the problem asks."""
        return words_for(self.problem.function)

    def rate(self, code: str) -> float:
        """The metric of a program."""
        return self.measure(self.score(code))

    def ai_tests(self) -> list[TestCase]:
        """The non-public tests that the flow ran, with its expected outputs, and the tests that the model wrote."""
        runs = [run for judged in self.trace.judge_runs if judged.tests == "ai" for run in judged.runs]
        whole = [run for run in runs if max(len(run.input), len(run.expected)) < TRACED_CHARACTERS]
        written = [test for step in self.steps if step.stage == "WriteTests" for test in step.outputs["tests"]]
        function = self.problem.function
        ran = [TestCase(run.input, run.expected) for run in whole if can_be_expected(run.expected, function)]
        return list(dict.fromkeys([*ran, *usable_tests(written, self.problem)]))


def cut(text: str) -> str:
    """A text on one line, shortened for use in a sentence."""
    words = " ".join(text.split())
    return words if len(words) <= SENTENCE_CHARACTERS else words[:SENTENCE_CHARACTERS] + " …"
