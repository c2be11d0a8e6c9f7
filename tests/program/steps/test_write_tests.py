"""Further tests written by the model: how many, and checked by it where that is asked for."""

import pytest

from judge.verdict import TestCase
from program.bench.ai_tests import MAX_CHARACTERS
from program.steps.config import FlowConfig
from program.steps.task import Notes, Task
from program.steps.write_tests import AITestWriter
from tests.support.scripted import GARBAGE, Rollout, checked, section, written

pytestmark = pytest.mark.usefixtures("lean_adapter", "impatient")

NOTES = Notes(["one number"], ["1 + 1 is 2"])


def write(problem, config: dict | None = None, **answers) -> Rollout:
    made = FlowConfig(**(config or {}))
    return Rollout(AITestWriter(made), Task(problem, 0, 0, made), NOTES, **answers)


def test_tests_are_asked_for_with_what_was_understood(double):
    asked = write(double)
    assert asked.result == [TestCase("3\n", "6\n")]
    ((_, prompt),) = asked.asked
    assert section(prompt, "count") == "6" and section(prompt, "reflection") == "- one number"
    assert section(prompt, "explanations") == "- 1 + 1 is 2"
    assert "## explanations" not in write(double, {"explain_to_tests": False}).asked[0][1]


def test_no_more_are_used_than_were_asked_for(double):
    asked = write(double, {"ai_tests": 2}, WriteTests=written(("3", "6"), ("4", "8"), ("5", "10")))
    assert [test.input for test in asked.result] == ["3\n", "4\n"]


def test_none_are_asked_for_where_the_configuration_wants_none(double):
    assert write(double, {"ai_tests": 0}).result == [] and not write(double, {"ai_tests": 0}).asked


def test_without_an_answer_there_are_none(double):
    assert write(double, {"check_ai_tests": True}, WriteTests=GARBAGE).result == []


def test_the_model_is_shown_its_tests_and_writes_them_again(double):
    config = {"check_ai_tests": True}
    asked = write(double, config, WriteTests=written(("3", "7")), CheckTests=checked(("3", "6")))
    assert asked.result == [TestCase("3\n", "6\n")]
    (prompt,) = asked.prompts("CheckTests")
    assert "input: 3" in section(prompt, "tests") and "output: 7" in section(prompt, "tests")


def test_a_check_of_no_use_changes_nothing(double):
    asked = write(double, {"check_ai_tests": True}, WriteTests=written(("3", "7")), CheckTests=GARBAGE)
    assert asked.result == [TestCase("3\n", "7\n")]


def test_a_check_may_not_bring_in_more_tests(double):
    config = {"check_ai_tests": True, "ai_tests": 1}
    assert len(write(double, config, CheckTests=checked(("3", "6"), ("4", "8"))).result) == 1


def test_huge_tests_get_into_no_prompt(double):
    config, huge = {"check_ai_tests": True}, "9" * (MAX_CHARACTERS + 1)
    asked = write(double, config, WriteTests=written((huge, "1"), ("3", "6")))
    assert asked.result == [TestCase("3\n", "6\n")] and huge not in asked.prompts("CheckTests")[0]
    alone = write(double, config, WriteTests=written((huge, "1")))
    assert alone.result == [] and "CheckTests" not in alone.stages
