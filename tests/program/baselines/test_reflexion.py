"""Reflexion: write, run, draw a lesson, write again."""

import json

import pytest

from program.baselines.reflexion import Reflexion, ReflexionConfig
from program.problem import Problem
from tests.support.scripted import FIRST_ONLY, GARBAGE, NEVER, RIGHT, Rollout, code, section
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")

WRITE, DRAW = "SolveWithLessons", "DrawLesson"


def run(problem, config=None, **answers) -> Rollout:
    return Rollout(Reflexion(ReflexionConfig(**(config or {}))), problem, **answers)


def lesson(number: int) -> str:
    return json.dumps({"lesson": [f"lesson {number}"]})


def test_a_first_program_that_passes_is_one_call(double):
    asked = run(double)
    assert asked.code == RIGHT and asked.stages == [WRITE] and "## lessons" not in asked.asked[0][1]


def test_after_a_failure_a_lesson_is_drawn_and_the_program_written_again(double):
    asked = run(double, SolveWithLessons=[code(FIRST_ONLY), code(RIGHT)])
    assert asked.code == RIGHT and asked.stages == [WRITE, DRAW, WRITE]
    draw, again = asked.asked[1][1], asked.asked[2][1]
    assert section(draw, "code") == FIRST_ONLY.strip() and "Expected output:\n4" in section(draw, "failure")
    assert section(again, "lessons") == "- read the input"


def test_only_the_last_lessons_are_kept(double):
    answers = {"SolveWithLessons": code(NEVER), "DrawLesson": [lesson(number) for number in range(9)]}
    asked = run(double, {"attempts": 5, "memory": 2}, **answers)
    shown = [section(prompt, "lessons") for prompt in asked.prompts(WRITE)[1:]]
    assert shown == ["- lesson 0", *(f"- lesson {n}\n- lesson {n + 1}" for n in range(3))]


def test_the_last_attempt_draws_no_lesson_and_the_best_program_is_the_answer(double):
    asked = run(double, {"attempts": 3}, SolveWithLessons=[code(FIRST_ONLY), code(NEVER)])
    assert asked.stages == [WRITE, DRAW, WRITE, DRAW, WRITE] and asked.code == FIRST_ONLY
    assert run(double, {"attempts": 1}, SolveWithLessons=code(NEVER)).stages == [WRITE]


def test_every_attempt_is_another_draw(double):
    asked = run(double, SolveWithLessons=code(NEVER))
    for stage, count in ((WRITE, 4), (DRAW, 3)):
        assert len({k.get("rollout_id") for k in asked.kwargs(stage)}) == count


def test_an_attempt_without_a_program_is_followed_by_the_next(double, trace):
    asked = run(double, SolveWithLessons=[GARBAGE, GARBAGE, code(RIGHT)])
    assert asked.code == RIGHT and asked.stages == [WRITE] * 3
    assert words(trace) == ["SolveWithLessons: given up"]


def test_without_a_lesson_the_program_is_written_again_all_the_same(double):
    asked = run(double, SolveWithLessons=[code(NEVER), code(RIGHT)], DrawLesson=GARBAGE)
    assert asked.code == RIGHT and "## lessons" not in asked.asked[-1][1]


def test_a_spent_budget_ends_it_with_the_best_program(double, trace):
    asked = run(double, {"budget": {"calls": 2}}, SolveWithLessons=code(FIRST_ONLY))
    assert asked.code == FIRST_ONLY and asked.stages == [WRITE, WRITE], "a lesson alone would be useless"
    assert trace.spent_budgets == [("rollout", "calls")]


def test_without_public_tests_the_first_program_is_the_answer():
    asked = run(Problem(name="Bare", description=""), SolveWithLessons=code(NEVER))
    assert asked.code == NEVER and asked.stages == [WRITE]
