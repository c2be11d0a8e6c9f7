"""Stages under every adapter: tolerance and repair are counted, and the simulated LM understands what it is asked."""

import dspy
import pytest

from eval.simulated.lm import simulated_lm
from program.adapters.adapter_names import ADAPTERS
from program.adapters.choice import adapter_named
from program.models.scripted import scripted_lm
from program.stage.stage import Stage
from signatures.code import SolveDirectly
from signatures.tests import WriteTests
from signatures.understand import ReflectOnProblem
from tests.support.simulated import SURE, known_right, skilled, some_problems
from tests.support.stage_values import VALUES

by_adapter = pytest.mark.parametrize("name", ADAPTERS)
GARBAGE = "That is hard to say."


def ask(lm, name, signature=ReflectOnProblem, **inputs):
    with dspy.context(lm=lm, adapter=adapter_named(*name.split())):
        return Stage(signature, 100, 0.2)(0, **(inputs or VALUES[signature][0]))


def good(name, signature=ReflectOnProblem) -> str:
    return adapter_named(*name.split()).format_assistant_message_content(signature, VALUES[signature][1])


@by_adapter
def test_an_answer_in_the_form_asked_for_is_not_salvaged(name, trace):
    assert ask(scripted_lm([good(name)]), name)
    (call,) = trace.calls
    assert call.outcome == "ok" and not call.salvaged and not call.repair


@by_adapter
def test_an_answer_that_took_tolerance_is_salvaged(name, trace):
    assert ask(scripted_lm([f"Sure, here it comes:\n\n{good(name)}"]), name)
    (call,) = trace.calls
    assert call.outcome == "ok" and call.salvaged


@by_adapter
def test_an_answer_that_cannot_be_read_is_repaired_by_one_call(name, trace):
    lm = scripted_lm([GARBAGE, good(name)])
    assert ask(lm, name)
    assert [(call.outcome, call.repair) for call in trace.calls] == [("unparsable", False), ("ok", True)]
    first, second = (call.prompt for call in trace.calls)
    assert second[: len(first)] == first and second[len(first)].content == GARBAGE
    assert second[-1].content.startswith("That answer cannot be read: ")


@by_adapter
def test_tolerance_of_a_call_that_failed_is_not_laid_to_the_next(name, trace):
    assert ask(scripted_lm([GARBAGE, f"Again:\n\n{good(name)}"]), name)
    assert [call.salvaged for call in trace.calls] == [False, True]


def test_a_call_with_a_time_limit_is_counted_as_any_other(trace):
    from program.rollout.budget import Budget

    trace.limit(Budget(seconds=1000))
    assert ask(scripted_lm([f"Here:\n{good('yaml')}"]), "yaml")
    assert trace.calls[0].salvaged


# The simulated LM


@pytest.mark.parametrize("name", ["lean", "lean problem-first", "yaml", "yaml problem-first"])
def test_the_simulated_lm_answers_in_every_order(name):
    problems = some_problems()
    problem = problems.problems[0]
    lm = simulated_lm(problems, SURE)
    assert ask(lm, name, SolveDirectly, problem=problem.text()).code.strip() in known_right(problem.name)
    tests = ask(lm, name, WriteTests, problem=problem.text(), reflection=["r"], explanations=[], count=2).tests
    assert len(tests) == 2  # the count is seen


@pytest.mark.parametrize("name", ["lean", "lean problem-first"])
def test_the_simulated_lm_answers_a_repair_call_as_the_next_draw(name, trace):
    problems = some_problems()
    lm = simulated_lm(problems, skilled(SURE, format_broken=0.5))
    for problem in problems.problems:
        for _ in range(4):
            ask(lm, name, SolveDirectly, problem=problem.text())
    repairs = [call for call in trace.calls if call.repair]
    assert repairs and {call.outcome for call in repairs} == {"ok", "unparsable"}
