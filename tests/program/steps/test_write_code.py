"""The third step: which solution each attempt follows, and when attempts end."""

import pytest

from program.bench.workbench import Workbench
from program.problem import Problem
from program.steps.config import FlowConfig
from program.steps.task import Choice, Notes, Task
from program.steps.write_code import CANDIDATES_WITHOUT_TESTS, CodeWriter
from signatures.fields import Solution
from tests.support.scripted import FIRST_ONLY, GARBAGE, NEVER, RIGHT, Rollout, code, section
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")

NOTES = Notes(["one number"], ["1 + 1 is 2"])


def choice(name: str, *steps: str) -> Choice:
    return Choice(Solution(name=name, content="", why_it_works="", complexity=""), list(steps))


CHOICES = [choice("Shifting", "double it"), choice("Adding"), choice("Multiplying")]
BARE = Problem(name="Bare", description="Print twice the number.")


class Writing(Rollout):
    """Programs written onto a bench; the number of attempts is the result."""

    def __init__(self, problem, config=None, choices=CHOICES, **answers):
        made = FlowConfig(**(config or {}))
        self.bench = Workbench(problem)
        super().__init__(CodeWriter(made), Task(problem, 0, 0, made), NOTES, choices, self.bench, **answers)

    def solutions(self) -> list[str]:
        return [section(prompt, "solution").splitlines()[0].removeprefix("name: ") for _, prompt in self.asked]


def test_a_first_program_that_passes_is_the_only_one(double):
    writing = Writing(double, {"code_at_once": 4})
    assert writing.result == 1 and writing.bench.programs == [RIGHT]


def test_the_program_is_asked_for_with_notes_solution_and_steps(double):
    ((_, prompt),) = Writing(double).asked
    assert section(prompt, "reflection") == "- one number" and section(prompt, "explanations") == "- 1 + 1 is 2"
    assert "name: Shifting" in section(prompt, "solution") and section(prompt, "steps") == "- double it"
    assert "Adding" not in prompt
    assert "## explanations" not in Writing(double, {"explain_to_code": False}).asked[0][1]


def test_the_best_solution_is_tried_twice_then_those_down_the_ranking_and_round_again(double):
    writing = Writing(double, {"code_attempts": 8}, WriteCode=code(NEVER))
    best, second, third = "Shifting", "Adding", "Multiplying"
    assert writing.solutions() == [best, best, second, third, best, second, third, best]


def test_attempts_end_with_the_first_program_that_passes(double):
    answers = [code(NEVER), code(FIRST_ONLY), code(RIGHT), code(NEVER)]
    assert Writing(double, WriteCode=answers).result == 3


def test_the_same_solution_is_drawn_anew_each_time(double):
    drawn = [kwargs.get("rollout_id") for kwargs in Writing(double, WriteCode=code(NEVER)).kwargs("WriteCode")]
    by_solution = list(zip(Writing(double, WriteCode=code(NEVER)).solutions(), drawn, strict=True))
    assert len(by_solution) == len(set(by_solution)) == 8


@pytest.mark.parametrize(("at_once", "attempts"), [(1, 2), (3, 4), (8, 8)])
def test_after_the_first_has_failed_several_are_written_side_by_side(double, at_once, attempts):
    writing = Writing(double, {"code_at_once": at_once, "code_attempts": 8}, WriteCode=[code(NEVER), code(RIGHT)])
    assert writing.result == attempts


def test_side_by_side_attempts_are_the_same_as_those_in_turn(double):
    config = {"code_attempts": 7}
    turns = Writing(double, config, WriteCode=code(NEVER))
    at_once = Writing(double, {**config, "code_at_once": 4}, WriteCode=code(NEVER))
    assert sorted(turns.solutions()) == sorted(at_once.solutions())
    assert sorted(str(k) for k in turns.kwargs("WriteCode")) == sorted(str(k) for k in at_once.kwargs("WriteCode"))


def test_programs_are_taken_up_in_the_order_of_attempts(double):
    """Whatever the order in which they arrive: the prompt decides on the answer here."""
    writing = Writing(
        double,
        {"code_attempts": 4, "code_at_once": 3},
        [choice(name) for name in "ABC"],
        WriteCode=[code(f"print({number})\n") for number in (1, 3, 5, 7)],
    )
    by_prompt = dict(zip(writing.solutions()[1:], (3, 5, 7), strict=True))
    assert writing.bench.programs == [f"print({number})\n" for number in (1, *(by_prompt[name] for name in "ABC"))]


@pytest.mark.parametrize(("attempts", "written"), [(8, CANDIDATES_WITHOUT_TESTS), (2, 3), (1, 3)])
def test_without_public_tests_a_few_programs_are_written_for_agreement(attempts, written):
    """Fewer could not agree."""
    assert Writing(BARE, {"code_attempts": attempts}, WriteCode=code(NEVER)).result == written


def test_without_solutions_programs_are_written_from_the_notes_alone(double):
    writing = Writing(double, {"code_attempts": 3}, choices=[], WriteCode=code(NEVER))
    assert writing.result == 3 and not any("## solution" in prompt for _, prompt in writing.asked)
    assert len({kwargs.get("rollout_id") for kwargs in writing.kwargs("WriteCode")}) == 3


def test_an_attempt_without_a_program_is_an_attempt(double, trace):
    writing = Writing(double, WriteCode=[GARBAGE, GARBAGE, code(RIGHT)])
    assert writing.result == 2 and writing.bench.programs == [RIGHT]
    assert words(trace) == ["WriteCode: given up"]


def test_code_that_does_not_compile_is_never_preferred(double):
    writing = Writing(
        double, {"code_attempts": 3}, WriteCode=[code("print(\n"), code("raise ValueError\n"), code("(\n")]
    )
    assert writing.bench.best() == "raise ValueError\n" and len(writing.bench.programs) == 3
