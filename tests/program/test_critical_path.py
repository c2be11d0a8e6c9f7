"""How many answers a program waits for one after the other, counted without a clock.

The LM of these tests holds back every answer until all the requests of a wave have arrived. A program that asked one
after the other what it could ask at once would wait for ever; one that asked too much would send what no wave has.
"""

import threading
from collections import Counter
from collections.abc import Sequence

import dspy
import pytest

from program.adapters.lean import LeanAdapter
from program.alphacodium import AlphaCodium
from program.baselines.sampling import Sampling, SamplingConfig
from program.models.scripted import ScriptedEngine, prompt_text
from program.problem import Problem
from program.steps.config import FlowConfig
from tests.support.scripted import NEVER, RIGHT, UNDERSTANDING, USUAL, code, stage_of

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")

PATIENCE = 30.0  # seconds after which a wave that does not fill up fails the test
PLANNED = [UNDERSTANDING, ["WriteTests", "ProposeSolutions"], ["RankSolutions"]]


class Waves(ScriptedEngine):
    """Answers a wave of requests, the names of their stages, once all of it is there; the answers for a stage come in
    turn."""

    def __init__(self, waves: Sequence[Sequence[str]], **answers: Sequence[str]) -> None:
        super().__init__(())
        self._answers = {**{stage: iter([answer] * 99) for stage, answer in USUAL.items()}}
        self._answers |= {stage: iter(given) for stage, given in answers.items()}
        self.left = [Counter(wave) for wave in waves]
        self._waiting: Counter[str] = Counter()
        self._number = 0
        self._changed = threading.Condition()

    def complete(self, request):
        stage = stage_of(prompt_text(request))
        with self._changed:
            self._waiting[stage] += 1
            assert self.left and self._waiting <= self.left[0], f"{stage} in a wave of {self.left[:1]}"
            mine = self._number
            if self._waiting == self.left[0]:
                self.left.pop(0)
                self._waiting, self._number = Counter(), self._number + 1
                self._changed.notify_all()
            arrived = self._changed.wait_for(lambda: self._number > mine, PATIENCE)
            assert arrived, f"{stage} waits for the rest of {self.left[:1]}"
            self._rule = lambda _: next(self._answers[stage])
            return super().complete(request)


def run(program, problem, waves, **answers) -> str:
    engine = Waves(waves, **answers)
    lm = dspy.LM("scripted/lm", engine=engine, cache=False, num_retries=0)
    with dspy.context(lm=lm, adapter=LeanAdapter()):
        result = program(problem=problem).code
    assert not engine.left, "every wave was asked for"
    return result


def flow(**config) -> AlphaCodium:
    return AlphaCodium(FlowConfig(**config))


def test_a_problem_whose_first_program_passes_takes_four_answers(double):
    waves = [*PLANNED, ["WriteCode"]]
    assert len(waves) == 4 and run(flow(), double, waves) == RIGHT


def test_brute_force_takes_none_more(double):
    with_brute_force = ["WriteTests", "WriteBruteForce", "WriteGenerator", "ProposeSolutions"]
    waves = [UNDERSTANDING, with_brute_force, ["RankSolutions"], ["WriteCode"]]
    assert run(flow(brute_force=True), double, waves) == RIGHT


def test_checking_the_explanations_takes_one_more_and_checking_the_tests_none(double):
    waves = [
        *(UNDERSTANDING, ["CheckExplanations"], ["WriteTests", "ProposeSolutions"], ["CheckTests", "RankSolutions"]),
        ["WriteCode"],
    ]
    assert run(flow(check_explanations=True, check_ai_tests=True), double, waves) == RIGHT


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_each_fix_takes_one_more(double, rounds):
    waves = [*PLANNED, ["WriteCode"], *[["FixCode"]] * rounds]
    fixes = [code(f"print(-{number})\n") for number in range(1, rounds)] + [code(RIGHT)]
    several = flow(code_attempts=1, fixes_per_program=3)
    assert run(several, double, waves, WriteCode=[code(NEVER)], FixCode=fixes) == RIGHT


def test_each_fix_in_two_calls_takes_two_more(double):
    waves = [*PLANNED, ["WriteCode"], ["AnalyseFailure"], ["FixCode"], ["AnalyseFailure"], ["FixCode"]]
    fixes = [code("print(-1)\n"), code(RIGHT)]
    several = flow(code_attempts=1, fix_calls=2, fixes_per_program=2)
    assert run(several, double, waves, WriteCode=[code(NEVER)], FixCode=fixes) == RIGHT


def test_a_redraw_after_a_fix_takes_one_more(double):
    waves = [*PLANNED, ["WriteCode"], ["FixCode"], ["WriteCode"]]
    answers = [code(NEVER), code(RIGHT)]
    assert run(flow(code_attempts=1), double, waves, WriteCode=answers, FixCode=[code(NEVER)]) == RIGHT


def test_a_fix_on_an_ai_test_takes_two_more_as_the_test_is_confirmed_first(double):
    only_public = "n = int(input())\nprint(2 * n if n < 3 else 0)\n"
    waves = [*PLANNED, ["WriteCode"], ["DeriveOutput"], ["FixCode"]]
    assert run(flow(), double, waves, WriteCode=[code(only_public)], FixCode=[code(RIGHT)]) == RIGHT


def test_candidates_after_the_first_are_written_beside_each_other(double):
    waves = [*PLANNED, ["WriteCode"], ["WriteCode"] * 3]
    answers = [code(NEVER)] * 3 + [code(RIGHT)]
    assert run(flow(code_attempts=4, code_at_once=3), double, waves, WriteCode=answers) == RIGHT


def test_without_public_tests_all_candidates_are():
    bare = Problem(name="Bare", description="Print twice the number.")
    waves = [["ReflectOnProblem"], *PLANNED[1:], ["WriteCode"] * 3]
    assert run(flow(), bare, waves) == RIGHT


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_problem_solved_directly_takes_one_answer_a_try(double, at_once):
    waves = [["SolveDirectly"]] * at_once
    answers = [code(NEVER)] * (at_once - 1) + [code(RIGHT)]
    assert run(flow(direct_first=3), double, waves, SolveDirectly=answers) == RIGHT


def test_samples_and_their_tests_are_asked_for_beside_each_other(double):
    waves = [["SolveDirectly"] * 5 + ["WriteTests"], ["SolveDirectly"] * 3]
    assert run(Sampling(SamplingConfig(programs=8, at_once=5)), double, waves) == RIGHT
