"""The first step: reflection and explanations side by side, checked where that is asked for."""

import json

import pytest
from dspy import LMTimeoutError

from program.problem import Problem, PublicTest
from program.steps.config import FlowConfig
from program.steps.task import Notes, Task
from program.steps.understand import MAX_BULLETS, Understand
from tests.support.scripted import GARBAGE, Rollout, section
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "impatient")

REFLECTION, EXPLANATIONS = ["the input is one number"], ["1 + 1 is 2", "2 + 2 is 4"]


def understand(problem, check=False, **answers) -> Rollout:
    config = FlowConfig(check_explanations=check)
    return Rollout(Understand(config), Task(problem, 0, 0, config), **answers)


def explained(count: int, key: str = "explanations") -> str:
    return json.dumps({key: [f"reason {number}" for number in range(1, count + 1)]})


def test_the_notes_are_bullets_without_repeats_and_one_explanation_a_test(double):
    asked = understand(double)
    assert asked.result == Notes(REFLECTION, EXPLANATIONS)
    assert sorted(asked.stages) == ["ExplainTests", "ReflectOnProblem"]
    assert {section(prompt, "problem") for _, prompt in asked.asked} == {double.text()}


def test_too_few_explanations_cannot_be_told_apart_and_are_left_out(double, trace):
    assert understand(double, ExplainTests=explained(1)).result == Notes(REFLECTION, [])
    assert words(trace) == ["explanations left out: 1 for 2 public tests"]


def test_more_explanations_than_tests_are_all_kept(double):
    assert len(understand(double, ExplainTests=explained(4)).result.explanations) == 4


def test_of_many_public_tests_the_first_few_are_explained():
    tests = tuple(PublicTest(input=f"{n}\n", output=f"{2 * n}\n") for n in range(9))
    many = Problem(name="Many", description="", public_tests=tests)
    assert understand(many, ExplainTests=explained(MAX_BULLETS)).result.explanations == [
        f"reason {number}" for number in range(1, MAX_BULLETS + 1)
    ]


def test_without_public_tests_there_is_nothing_to_explain():
    asked = understand(Problem(name="Bare", description="Print 1."), check=True)
    assert asked.stages == ["ReflectOnProblem"] and asked.result == Notes(REFLECTION, [])


@pytest.mark.parametrize("failing", [GARBAGE, LMTimeoutError("slow")], ids=["garbage", "timeout"])
def test_either_part_may_be_missing(double, failing):
    assert understand(double, ReflectOnProblem=failing).result == Notes([], EXPLANATIONS)
    assert understand(double, ExplainTests=failing).result == Notes(REFLECTION, [])


def test_the_model_is_shown_its_explanations_and_writes_them_again(double):
    asked = understand(double, check=True)
    assert asked.result == Notes(REFLECTION, ["1 twice is 2", "2 twice is 4"])
    (prompt,) = asked.prompts("CheckExplanations")
    assert section(prompt, "explanations") == "- 1 + 1 is 2\n- 2 + 2 is 4"
    assert section(prompt, "reflection") == "- the input is one number"


@pytest.mark.parametrize("answer", [GARBAGE, explained(1, "checked")], ids=["garbage", "too few"])
def test_a_check_of_no_use_changes_nothing(double, answer):
    assert understand(double, check=True, CheckExplanations=answer).result == Notes(REFLECTION, EXPLANATIONS)


def test_without_explanations_there_is_nothing_to_check(double):
    assert "CheckExplanations" not in understand(double, check=True, ExplainTests=GARBAGE).stages
