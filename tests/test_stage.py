"""A stage: it asks once more when an answer is of no use, counts what it does, and gives up quietly."""

from __future__ import annotations

import dspy
import pytest
from dspy.utils.exceptions import (
    ContextWindowExceededError,
    LMAuthError,
    LMBillingError,
    LMConfigurationError,
    LMError,
    LMNotConfiguredError,
    LMRateLimitError,
    LMServerError,
    LMTimeoutError,
    LMUnsupportedModelError,
)

from program.scripted_lm import scripted_lm
from program.stage import REPEAT_TEMPERATURE, Stage
from signatures.code import SolveDirectly
from signatures.plan import WriteTests
from signatures.understand import ReflectOnProblem

pytestmark = pytest.mark.usefixtures("lean_adapter")

GOOD = "```python\nprint(1)\n```"
GARBAGE = "That is hard to say."


def solve(lm, *numbers, temperature=0.2, attempts=2):
    with dspy.context(lm=lm):
        return Stage(SolveDirectly, 100, temperature, attempts)(*(numbers or (0,)), problem="p")


def asked(lm, key):
    return [entry["kwargs"].get(key) for entry in lm.history]


def test_one_good_answer_costs_one_call_at_the_stages_own_settings(account):
    lm = scripted_lm([GOOD])
    assert solve(lm).code == "print(1)\n"
    (entry,) = lm.history
    assert entry["kwargs"]["temperature"] == 0.2 and entry["kwargs"]["max_tokens"] == 100
    assert [call.outcome for call in account.calls] == ["ok"] and not account.decisions


def test_an_unparsable_answer_is_asked_for_again_hotter_and_as_another_rollout(account):
    lm = scripted_lm([GARBAGE, GOOD])
    assert solve(lm).code == "print(1)\n"
    assert asked(lm, "temperature") == [0.2, REPEAT_TEMPERATURE]
    first, second = asked(lm, "rollout_id")
    assert first != second
    assert [call.outcome for call in account.calls] == ["unparsable", "ok"]
    assert account.calls[0].detail == "AdapterParseError: no program in the answer"


def test_after_its_attempts_a_stage_is_given_up(account):
    lm = scripted_lm([GARBAGE, "", GOOD])
    assert solve(lm) is None
    assert len(lm.engine.prompts) == 2
    assert account.decisions == ["SolveDirectly: given up after 2 calls"]


def test_a_stage_of_one_attempt_is_not_repeated(account):
    lm = scripted_lm([GARBAGE, GOOD])
    assert solve(lm, attempts=1) is None
    assert len(lm.engine.prompts) == len(account.calls) == 1


@pytest.mark.parametrize(
    "error", [LMTimeoutError("slow"), LMServerError("500"), LMRateLimitError("wait"), ContextWindowExceededError()]
)
def test_an_error_of_the_lm_costs_a_call_and_no_more(account, error):
    lm = scripted_lm([error, GOOD])
    assert solve(lm).code == "print(1)\n"
    failed, good = account.calls
    assert (failed.outcome, good.outcome) == ("lm_error", "ok")
    assert failed.prompt_tokens == failed.completion_tokens == 0 and failed.seconds > 0 and not failed.from_cache
    assert "Error: " in failed.detail and "\n" not in failed.detail


def test_errors_all_the_way_give_the_stage_up(account):
    assert solve(scripted_lm([LMTimeoutError("slow\nvery slow")] * 2)) is None
    assert [call.detail for call in account.calls] == ["LMTimeoutError: slow"] * 2
    assert account.totals().failed_calls == 2


@pytest.mark.parametrize(
    "error",
    [
        LMConfigurationError("no such setting"),
        LMNotConfiguredError("no key"),
        LMAuthError("wrong key"),
        LMBillingError("no money"),
        LMUnsupportedModelError("no such model"),
        RuntimeError("the engine is broken"),  # becomes LMUnexpectedError
    ],
)
def test_what_no_later_call_would_mend_ends_the_rollout_at_once(error):
    lm = scripted_lm([error, GOOD])
    with pytest.raises(LMError, match=str(error)):
        solve(lm)
    assert len(lm.engine.prompts) == 1


def test_calls_are_accounted_for(account):
    lm = scripted_lm(['{"reflection": ["a", "b c"]}'])
    with dspy.context(lm=lm):
        Stage(ReflectOnProblem, 100, 0.2)(0, problem="one two three")
    (call,) = account.calls
    assert (call.stage, call.outcome, call.from_cache) == ("ReflectOnProblem", "ok", False)
    assert call.prompt_tokens == len(lm.engine.prompts[0].split()) and call.completion_tokens == 4
    assert call.seconds > 0
    assert account.totals().calls == 1 and account.totals().completion_tokens == 4
    assert call.dollars is None and account.totals().dollars is None  # no price is known


def test_an_unparsable_answer_is_paid_for(account):
    solve(scripted_lm([GARBAGE, GOOD]))
    assert account.calls[0].completion_tokens == len(GARBAGE.split())
    assert account.totals().completion_tokens == len(GARBAGE.split()) + len(GOOD.split())


def test_stages_keep_their_name_whatever_bounds_and_instructions_they_get(account):
    stage = Stage(WriteTests, 100, 0.2, attempts=1, max_items={"tests": 2})
    stage.predict.signature = stage.predict.signature.with_instructions("Do it.")
    with dspy.context(lm=scripted_lm([GARBAGE])):
        stage(0, problem="p", reflection=[], count=2)
    assert [call.stage for call in account.calls] == ["WriteTests"]


# The cache


@pytest.fixture
def cache(monkeypatch):
    monkeypatch.setattr(dspy, "cache", dspy.cache)
    dspy.configure_cache(enable_disk_cache=False)


@pytest.fixture
def cache_on_disk(cache, tmp_path):
    dspy.configure_cache(enable_memory_cache=False, disk_cache_dir=str(tmp_path))
    yield
    dspy.cache.disk_cache.close()


def program(number: int) -> str:
    return f"```python\nprint({number})\n```"


@pytest.mark.parametrize("where", ["cache", "cache_on_disk"])
def test_a_cached_answer_is_counted_as_such_and_costs_nothing(where, request, account):
    request.getfixturevalue(where)
    lm = scripted_lm([program(1)], cache=True)
    assert solve(lm).code == solve(lm).code == "print(1)\n"
    paid, free = account.calls
    assert paid.completion_tokens > 0 and not paid.from_cache
    assert free.from_cache and free.outcome == "ok" and free.prompt_tokens == free.completion_tokens == 0
    totals = account.totals()
    assert (totals.calls, totals.completion_tokens) == (1, paid.completion_tokens)


def test_other_samples_and_draws_are_other_answers_and_stay_what_they_were(cache):
    lm = scripted_lm([program(number) for number in range(20)], cache=True)
    numbers = [(sample, draw) for sample in (0, 1, 2) for draw in (0, 1, 2, 12)]
    first = {key: solve(lm, *key).code for key in numbers}
    assert len(set(first.values())) == len(numbers) == len(lm.engine.prompts)
    assert {key: solve(lm, *key).code for key in reversed(numbers)} == first
    assert len(lm.engine.prompts) == len(numbers)


def test_a_cached_answer_of_no_use_is_not_asked_for_twice(cache):
    lm = scripted_lm([GARBAGE, GARBAGE, program(1)], cache=True)
    assert solve(lm, 0, 3) is None  # both attempts at the same temperature: only the rollout tells them apart
    assert len(lm.engine.prompts) == 2


def test_at_temperature_zero_samples_share_their_first_answer(cache):
    lm = scripted_lm([program(1), program(2)], cache=True)
    assert solve(lm, 0, temperature=0).code == solve(lm, 1, temperature=0).code
    assert solve(lm, 0, 1, temperature=0).code != solve(lm, 0, temperature=0).code
