"""Budgets of a rollout and of a run: no call is begun that one of them forbids, and the rollout says so."""

import threading

import dspy
import pytest
from pydantic import ValidationError

from program.models.scripted import ScriptedEngine, scripted_lm
from program.paid.halted import NotAsked
from program.paid.ledger import Ledger
from program.paid.ledger_engine import paid_lm
from program.paid.paid_calls import PaidCalls
from program.rollout.budget import Budget, RunBudget
from program.rollout.context import context, new_trace, within
from program.rollout.trace import Call, Trace
from program.stage.stage import Stage
from signatures.code import SolveDirectly
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "impatient")

GOOD = "```python\nprint(1)\n```"


def solve(lm):
    with dspy.context(lm=lm):
        return Stage(SolveDirectly, 100, 0.2)(0, problem="one two three")


def test_calls_are_never_passed(trace):
    trace.limit(Budget(calls=2))
    lm = scripted_lm(lambda _: GOOD)
    assert [solve(lm) is None for _ in range(4)] == [False, False, True, True]
    assert len(lm.engine.prompts) == 2
    assert trace.spent_budgets == [("rollout", "calls")]
    assert words(trace) == ["SolveDirectly: skipped, the rollout's budget of calls is spent"]  # said once


def test_the_repair_of_an_answer_is_a_call_too(trace):
    trace.limit(Budget(calls=1))
    lm = scripted_lm(["no program", GOOD])
    assert solve(lm) is None and len(lm.engine.prompts) == 1


def test_after_tokens_are_spent_no_call_is_begun(trace):
    trace.limit(Budget(tokens=1))
    lm = scripted_lm(lambda _: GOOD)
    assert [solve(lm) is None for _ in range(2)] == [False, True]
    assert trace.spent_budgets == [("rollout", "tokens")]


def test_after_dollars_are_spent_no_call_is_begun_and_unknown_prices_count_as_free():
    opened = Trace()
    opened.limit(Budget(dollars=0.5))
    opened.enter(Call(stage="WriteCode", dollars=None, prompt_tokens=10**9))
    assert opened.may_call("Plan")
    opened.enter(Call(stage="WriteCode", dollars=0.5))
    assert (
        not opened.may_call("Plan") and opened.spent() == "dollars" and opened.spent_budgets == [("rollout", "dollars")]
    )


def test_after_seconds_are_spent_no_call_is_begun(trace, monkeypatch):
    trace.limit(Budget(seconds=60))
    assert trace.may_call("Plan") and not trace.out_of_time()
    monkeypatch.setattr(Trace, "now", lambda self: 60.0)
    assert not trace.may_call("Plan") and trace.out_of_time() and trace.spent_budgets == [("rollout", "seconds")]


def test_a_call_that_takes_longer_than_there_is_time_is_left_behind(trace):
    answered = threading.Event()

    class Slow(ScriptedEngine):
        def complete(self, request):
            answered.wait()
            return super().complete(request)

    trace.limit(Budget(seconds=0.05))
    try:
        assert solve(dspy.LM("scripted/lm", engine=Slow([GOOD]), cache=False, num_retries=0)) is None
    finally:
        answered.set()
    (call,) = trace.calls
    assert (call.outcome, call.detail) == ("lm_error", "no answer within the budget of seconds")


def test_without_a_budget_nothing_is_ever_spent():
    opened = Trace()
    for _ in range(100):
        assert opened.may_call("Plan")
    assert opened.seconds_left() is None and opened.spent() is None and not opened.out_of_time()


@pytest.mark.parametrize("wrong", [{"calls": 0}, {"tokens": -1}, {"dollars": 0}, {"seconds": 0}, {"euros": 1}])
def test_budgets_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValidationError):
        Budget(**wrong)


# The budget of a run


def test_all_rollouts_of_a_run_spend_from_one_budget(tmp_path):
    lm = scripted_lm(lambda _: GOOD)
    ledger = Ledger(tmp_path)
    budget = ledger.budget(Budget(calls=3))
    asked = paid_lm(lm, PaidCalls(ledger, budget, reached=NotAsked))
    spent = []
    for number in range(3):
        with within(run_budget=budget, draws=str(number)), new_trace() as opened:
            solve(asked)
            solve(asked.copy(top_p=0.5))
        spent.append(opened.spent_budgets)
    assert spent == [[], [("run", "calls")], [("run", "calls")]]
    assert len(lm.engine.prompts) == budget.calls == 3 and budget.tokens > 0


def test_tokens_dollars_and_seconds_of_a_run_end_it_too():
    now = 0.0
    for limit in ({"tokens": 10}, {"dollars": 0.1}):
        budget = RunBudget(Budget(**limit))
        assert budget.take_call() is None
        budget.add(10, 0.1)
        assert budget.take_call() == budget.spent() == next(iter(limit))
    budget = RunBudget(Budget(seconds=5), clock=lambda: now)
    assert budget.spent() is None
    now = 5.0
    assert budget.spent() == "seconds"


def test_threads_together_take_no_call_more_than_there_are():
    budget, granted = RunBudget(Budget(calls=50)), []

    def take() -> None:
        granted.extend(budget.take_call() is None for _ in range(20))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == budget.calls == 50


def test_outside_of_a_run_there_is_no_budget_of_one():
    budget = RunBudget(Budget())
    with within(run_budget=budget):
        assert context().run_budget is budget
    assert context().run_budget is None


def test_what_is_kept_back_counts_as_spent_until_it_is_released():
    now = [0.0]
    budget = RunBudget(Budget(calls=55, tokens=100, seconds=600), clock=lambda: now[0])
    assert [budget.take_call() for _ in range(52)] == [None] * 52
    budget.add(tokens=40, dollars=0.0)
    now[0] = 260.0
    budget.keep_back({"calls": 3, "tokens": 20})
    assert budget.take_call() == "calls" and budget.seconds_left() == 600 - 260 - 3 * 5.0, "five seconds a call so far"
    budget.keep_back({"calls": 1, "tokens": 60})
    assert budget.take_call() == "tokens"
    budget.keep_back({})
    assert budget.take_call() is None and budget.seconds_left() == 340


def test_time_is_kept_back_once_it_is_measured_and_never_more_than_half_of_it():
    now = [0.0]
    budget = RunBudget(Budget(seconds=300), clock=lambda: now[0])
    budget.keep_back({"calls": 1_000})
    now[0] = 20.0
    assert budget.take_call() is None and budget.seconds_left() == 280, "the start took these twenty seconds"
    assert all(budget.take_call() is None for _ in range(99)) and budget.seconds_left() == 280 - 150
    now[0] = 151.0
    assert budget.take_call() == "seconds"
    budget.keep_back({})
    assert budget.take_call() is None
