"""How often stages fail, and what becomes of unreadable answers."""

from typing import get_args

import dspy
import pytest

from eval.numbers.stage_rates import READ, READINGS, reading_rates, stage_rates
from program.adapters.lean import LeanAdapter
from program.models.scripted import scripted_lm
from program.rollout.context import new_trace
from program.rollout.decisions import StageGivenUp
from program.rollout.trace import Call, Decided, Outcome
from program.stage.stage import Stage
from signatures.code import SolveDirectly
from tests.support.rollouts import rollout


def call(outcome: str = "ok", stage: str = "Plan", **more) -> Call:
    return Call.model_validate({"stage": stage, "outcome": outcome, **more})


GIVEN_UP = Decided(decision=StageGivenUp(stage="Plan"))


def test_rates_are_over_runs_calls_and_repairs():
    first = rollout("apple", events=[call("unparsable"), call(repair=True), call(salvaged=True)])
    second = rollout("berry", events=[call("endless"), call("unparsable", repair=True), GIVEN_UP])
    lost = rollout("cherry", None, events=[call("lm_error", retries=3)])
    (rates,) = stage_rates([first, second, lost])
    assert rates.stage == "Plan" and rates.calls == 6
    assert rates.failed.value == pytest.approx(1 / 3)  # two runs ended with an answer, one was given up
    assert rates.unread.value == pytest.approx(3 / 6)
    assert rates.mended is not None and rates.mended.value == 0.5
    assert (rates.lost, rates.salvaged, rates.retries) == (1, 1, 3)


def test_stages_come_in_the_order_of_the_flow():
    made = rollout(events=[call(stage="Reflect"), call(stage="Plan"), call(stage="Code"), call(stage="Plan")])
    assert [each.stage for each in stage_rates([made])] == ["Reflect", "Plan", "Code"]


def test_without_repairs_there_is_no_rate_of_them():
    (rates,) = stage_rates([rollout(events=[call()])])
    assert rates.mended is None and rates.failed.value == 0.0 and rates.failed.high > 0.5


def test_a_real_stage_that_is_given_up_is_counted():
    with new_trace() as trace, dspy.context(lm=scripted_lm(["no code"] * 9), adapter=LeanAdapter()):
        assert Stage(SolveDirectly, 100, 0.2)(0, problem="Add.") is None
    (rates,) = stage_rates([rollout(events=trace.events)])
    assert rates.failed.value == 1.0 and rates.unread.value == 1.0


def test_every_answer_is_counted_once_by_what_reading_made_of_it():
    read = [call(), call(salvaged=True), call(attempt=2, salvaged=True)]
    calls = [*read, call("cut"), call("unparsable"), call("lm_error")]
    count, rates = reading_rates([rollout(events=calls)])
    assert count == 5  # the last brought none
    assert [*rates] == [*READ, "cut off", "not readable"]
    assert all(each.value == pytest.approx(0.2) for each in rates.values())


def test_every_outcome_of_an_answer_has_a_name():
    assert set(get_args(Outcome)) == {"ok", "lm_error", *READINGS}
