"""A stronger model gets the problems that the usual one has not solved, and only those."""

import dspy
import pytest

from program.alphacodium import AlphaCodium
from program.models.scripted import scripted_lm
from program.rollout.context import stronger_model, within
from program.steps.config import FlowConfig
from tests.support.scripted import NEVER, RIGHT, USUAL, code, stage_of

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")

TWO_ROUNDS = FlowConfig(rounds=2, code_attempts=1, public_tries=1, ai_fixes=0)


def model(program: str):
    answers = {**USUAL, "WriteCode": code(program), "FixCode": code(program)}
    return scripted_lm(lambda prompt: answers[stage_of(prompt)])


def test_the_first_round_has_the_usual_model_and_later_ones_the_stronger():
    usual, stronger = model(NEVER), model(NEVER)
    with dspy.context(lm=usual):
        for given, expected in ((None, [usual] * 3), (stronger, [usual, stronger, stronger])):
            seen = []
            with within(stronger=given):
                for turn in range(3):
                    with stronger_model(turn > 0):
                        seen.append(dspy.settings.lm)
            assert seen == expected
        with stronger_model(True):
            assert dspy.settings.lm is usual, "outside of the block there is no other"


def test_a_hard_problem_goes_to_the_stronger_model(double):
    usual, stronger = model(NEVER), model(RIGHT)
    with dspy.context(lm=usual), within(stronger=stronger):
        assert AlphaCodium(TWO_ROUNDS)(problem=double).code == RIGHT
    assert usual.engine.prompts and stronger.engine.prompts  # threads of the second round have it too
    assert {stage_of(prompt) for prompt in stronger.engine.prompts} >= {"ReflectOnProblem", "WriteTests", "WriteCode"}


def test_an_easy_problem_does_not(double):
    usual, stronger = model(RIGHT), model(RIGHT)
    with dspy.context(lm=usual), within(stronger=stronger):
        assert AlphaCodium(TWO_ROUNDS)(problem=double).code == RIGHT
    assert not stronger.engine.prompts


ROLES = {"rounds": set(), "fixes": {"FixCode"}, "tests": {"WriteTests"}, "rest": {"FixCode"}}


@pytest.mark.parametrize("role", ROLES)
def test_a_stronger_model_is_asked_for_its_role_only(double, role):
    config = FlowConfig(code_attempts=1, public_tries=1, fixes_per_program=1, time_fixes=0, stronger_for=role)
    usual, stronger = model(NEVER), model(NEVER)
    with dspy.context(lm=usual), within(stronger=stronger):
        AlphaCodium(config)(problem=double)
    assert {stage_of(prompt) for prompt in stronger.engine.prompts} == ROLES[role]
    assert {stage_of(prompt) for prompt in usual.engine.prompts} & ROLES[role] == set()


def test_after_direct_tries_that_fail_the_stronger_model_is_asked_for_the_rest(double):
    stronger = model(RIGHT)
    direct = scripted_lm(lambda prompt: code(NEVER))
    with dspy.context(lm=direct), within(stronger=stronger):
        config = FlowConfig(code_attempts=1, direct_first=1, stronger_for="rest")
        assert AlphaCodium(config)(problem=double).code == RIGHT
    assert {stage_of(prompt) for prompt in direct.engine.prompts} == {"SolveDirectly"}


def test_the_model_for_fixes_goes_before_the_stronger_one(double):
    usual, stronger, repairer = model(NEVER), model(NEVER), model(RIGHT)
    config = FlowConfig(code_attempts=1, public_tries=1, fixes_per_program=1, stronger_for="fixes")
    with dspy.context(lm=usual), within(stronger=stronger, repairer=repairer):
        assert AlphaCodium(config)(problem=double).code == RIGHT
    assert not stronger.engine.prompts
