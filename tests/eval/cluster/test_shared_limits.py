"""Ledger, budget and pace of a run whose workers are in many processes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

import pytest

from eval.cluster.paying import paid_calls
from eval.cluster.shared_limits import LimitsOwner, SharedLedger, SharedPace, SharedRunBudget
from program.errors import ModelError
from program.models.scripted import scripted_lm
from program.paid.halted import NotAsked
from program.paid.ledger_engine import paid_lm
from program.rollout.budget import Budget
from program.rollout.rate_limits import Pace, RateLimits
from tests.support.remotes import Near


def test_all_workers_together_never_pass_the_calls_of_the_run(tmp_path):
    owner = Near(LimitsOwner(Budget(calls=50), RateLimits(), tmp_path))
    lm = scripted_lm(lambda prompt: "yes")

    def worker(number: int) -> int:
        calls = paid_calls(SharedLedger(owner), SharedRunBudget(owner, Budget(calls=50)), Pace())
        asked, answered = paid_lm(lm, calls), 0
        for _ in range(20):
            try:
                answered += asked(f"{number} {answered}") == ["yes"]
            except NotAsked as refused:
                assert refused.resource == "calls"
        return answered

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(worker, range(8))) == len(lm.engine.prompts) == 50


def test_tokens_and_dollars_of_one_worker_count_for_the_others(tmp_path):
    limits = Budget(tokens=100, dollars=1.0)
    owner = LimitsOwner(limits, RateLimits(), tmp_path)
    one, other = SharedRunBudget(Near(owner), limits), SharedRunBudget(Near(owner), limits)
    one.add(99, 0.5)
    assert other.spent() is None and other.take_call() is None
    one.add(1, 0.0)
    assert other.spent() == "tokens" and other.take_call() == "tokens"


def test_what_one_worker_was_answered_another_need_not_ask(tmp_path):
    owner, lm = Near(LimitsOwner(Budget(), RateLimits(), tmp_path)), scripted_lm(lambda prompt: "yes")
    for _ in range(2):
        calls = paid_calls(SharedLedger(owner), SharedRunBudget(owner, Budget()), Pace())
        assert paid_lm(lm, calls)("so") == ["yes"]
    assert len(lm.engine.prompts) == 1


def two_workers(limits: RateLimits) -> list[SharedPace]:
    owner = LimitsOwner(Budget(), limits, Path(mkdtemp()))
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


def test_an_owner_that_is_gone_is_an_outage():
    gone = Near(None, dies_at=0)
    budget = SharedRunBudget(gone, Budget())
    for ask in (budget.take_call, budget.spent, SharedPace(RateLimits(), gone).wait):
        with pytest.raises(ModelError, match="the same command resumes"):
            ask()
