"""Budget and pace of a run whose workers are in many processes."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from eval.cluster.shared_limits import LimitsOwner, SharedPace, SharedRunBudget, run_budget_of
from program.errors import ModelError
from program.rollout.budget import Budget, RunBudget
from program.rollout.context import new_trace, trace, within
from program.rollout.rate_limits import RateLimits
from program.rollout.trace import Call
from tests.support.remotes import Near


def test_all_workers_together_never_pass_the_calls_of_the_run():
    owner = LimitsOwner(Budget(calls=50), RateLimits())

    def worker(_: int) -> int:
        with within(run_budget=SharedRunBudget(Near(owner))), new_trace() as mine:
            return sum(trace().may_call("Plan") for _ in range(20)) + 100 * (mine.spent_budgets == [("run", "calls")])

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(worker, range(8)))
    assert sum(each % 100 for each in taken) == 50
    assert any(each >= 100 for each in taken), "who was refused is marked, so that resume runs it again"


def test_tokens_and_dollars_of_one_worker_count_for_the_others():
    owner = LimitsOwner(Budget(tokens=100, dollars=1.0), RateLimits())
    one, other = SharedRunBudget(Near(owner)), SharedRunBudget(Near(owner))
    with within(run_budget=one), new_trace() as mine:
        mine.enter(Call(stage="WriteCode", prompt_tokens=60, completion_tokens=39, dollars=0.5))
    assert other.spent() is None and other.take_call() is None
    one.add(1, 0.0)
    assert other.spent() == "tokens" and other.take_call() == "tokens"


def two_workers(limits: RateLimits) -> list[SharedPace]:
    owner = LimitsOwner(Budget(), limits)
    return [SharedPace(limits, Near(owner)) for _ in range(2)]


def test_requests_and_refusals_of_one_worker_hold_back_the_others():
    one, other = two_workers(RateLimits(requests_per_minute=2))
    assert one.wait(0) and other.wait(0)
    assert not one.wait(0) and not other.wait(0)
    one, other = two_workers(RateLimits(tokens_per_minute=10))
    one.spent(10)
    assert not other.wait(0)
    one, other = two_workers(RateLimits())
    assert other.wait(0)
    one.hold_back(60)
    assert not other.wait(0)


def test_where_nothing_is_limited_nobody_is_asked():
    owner = Near(LimitsOwner(Budget(), RateLimits()))
    assert type(run_budget_of(Budget(), owner)) is RunBudget and owner.calls == []
    assert isinstance(run_budget_of(Budget(seconds=9), owner), SharedRunBudget)
    SharedPace(RateLimits(requests_per_minute=9), owner).spent(10)
    assert owner.calls == []


def test_an_owner_that_is_gone_is_an_outage():
    gone = Near(None, dies_at=0)
    for ask in (SharedRunBudget(gone).take_call, SharedRunBudget(gone).spent, SharedPace(RateLimits(), gone).wait):
        with pytest.raises(ModelError, match="start again to go on"):
            ask()
