"""The baselines of one call."""

import pytest
from dspy import LMTimeoutError

from program.baselines.direct import ChainOfThought, Direct
from program.rollout.trace import Best
from program.stage.config import ProgramConfig
from tests.support.scripted import GARBAGE, RIGHT, Rollout, code, section
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "impatient")


def run(kind, problem, config=None, **answers) -> Rollout:
    return Rollout(kind(ProgramConfig(**(config or {}))), problem, **answers)


def test_direct_is_one_call_and_runs_nothing(double, trace, runs):
    asked = run(Direct, double)
    assert asked.code == RIGHT and asked.stages == ["SolveDirectly"] and not runs
    assert section(asked.asked[0][1], "problem") == double.text()
    assert [call.outcome for call in trace.calls] == ["ok"]
    assert [event.code for event in trace.events if isinstance(event, Best)] == [RIGHT]


@pytest.mark.parametrize(
    ("answer", "outcome"), [(GARBAGE, "unparsable"), (LMTimeoutError("slow"), "lm_error")], ids=["garbage", "timeout"]
)
def test_direct_has_no_second_try(double, trace, answer, outcome):
    asked = run(Direct, double, SolveDirectly=[answer, code(RIGHT)])
    assert asked.code == "" and asked.stages == ["SolveDirectly"]
    assert [call.outcome for call in trace.calls] == [outcome]
    assert words(trace) == ["SolveDirectly: given up"]


def test_samples_are_draws_of_their_own(double):
    drawn = []
    for sample in range(3):
        asked = Rollout(Direct(), double, sample)
        drawn += [kwargs.get("rollout_id") for kwargs in asked.kwargs("SolveDirectly")]
    assert len(set(drawn)) == 3


def test_a_chain_of_thought_is_one_call_with_thoughts_before_the_program(double, trace):
    asked = run(ChainOfThought, double)
    assert asked.code == RIGHT and asked.stages == ["SolveStepByStep"]
    assert [call.outcome for call in trace.calls] == ["ok"]
    assert "Twice is two times." in trace.calls[0].answer


def test_thoughts_without_a_program_are_no_answer(double, trace):
    asked = run(ChainOfThought, double, SolveStepByStep=GARBAGE)
    assert asked.code == "" and [call.outcome for call in trace.calls] == ["unparsable"]
