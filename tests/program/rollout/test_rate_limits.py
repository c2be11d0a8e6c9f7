"""The pace of a run: limits per minute hold over all threads, and a refused request is sent again as it asks for."""

import threading

import dspy
import pytest
from dspy import ContextWindowExceededError, LMRateLimitError, LMServerError, LMTimeoutError, LMTransportError
from dspy.lm15 import Usage
from pydantic import ValidationError

from program.models.scripted import scripted_lm
from program.rollout.budget import Budget
from program.rollout.context import context, within
from program.rollout.rate_limits import LONGEST_WAIT_SECONDS, Pace, RateLimits
from program.stage.stage import Stage
from signatures.code import SolveDirectly
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("lean_adapter")

GOOD = "```python\nprint(1)\n```"


@pytest.fixture
def clock():
    return Clock()


def paced(clock: Clock, **limits) -> Pace:
    return Pace(RateLimits(**limits), clock.read, clock.sleep)


def rate_limit(seconds: float | None = None) -> LMRateLimitError:
    return LMRateLimitError("wait", retry_after=seconds)


def starts(pace: Pace, clock: Clock, count: int) -> list[float]:
    """When each of `count` requests may go out."""
    times = []
    for _ in range(count):
        pace.wait()
        times.append(clock.now)
    return times


def test_a_command_that_waits_for_its_server_says_so_once_a_minute(clock, capsys):
    limited = paced(clock)
    for second in range(130):
        clock.now = float(second)
        assert limited.may_retry(LMServerError("overloaded", status=503), 0)
    said = capsys.readouterr().err.splitlines()
    assert (
        len(said) == 3 and said[0] == "warning: the model gave no answer (LMServerError: overloaded); it is asked again"
    )
    assert not paced(clock).may_retry(LMServerError("not there", status=501), 0) and not capsys.readouterr().err


# Limits per minute


def test_without_limits_nobody_waits(clock):
    assert starts(paced(clock), clock, 1000)[-1] == 0.0 and not clock.slept


def test_in_no_minute_are_there_more_requests_than_allowed(clock):
    times = starts(paced(clock, requests_per_minute=3), clock, 10)
    assert times == [0, 0, 0, 60, 60, 60, 120, 120, 120, 180]


def test_requests_that_were_spread_out_leave_the_minute_one_by_one(clock):
    limited = paced(clock, requests_per_minute=2)
    times = []
    for _ in range(4):
        limited.wait()
        times.append(clock.now)
        clock.now += 20
    assert times == [0, 20, 60, 80]


def test_after_the_tokens_of_a_minute_are_spent_the_next_request_waits_for_the_oldest_to_leave(clock):
    limited = paced(clock, tokens_per_minute=100)
    limited.wait()
    limited.spent(70)
    clock.now = 10.0
    limited.wait()
    assert clock.now == 10.0
    limited.spent(30)
    limited.wait()
    assert clock.now == 60.0
    limited.spent(50)
    limited.wait()
    assert clock.now == 60.0  # 80 of the last minute


def test_threads_share_one_limit(clock):
    limited, times, lock = paced(clock, requests_per_minute=5), [], threading.Lock()

    def ask() -> None:
        limited.wait()
        with lock:
            times.append(clock.now)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert times == [0] * 5
    limited.wait()
    assert clock.now == 60.0


def test_who_has_too_little_time_is_told_at_once_and_not_counted(clock):
    limited = paced(clock, requests_per_minute=1)
    assert limited.wait(at_most=5.0)
    assert not limited.wait(at_most=59.0) and clock.now == 0.0
    assert limited.wait(at_most=60.0) and clock.now == 60.0


@pytest.mark.parametrize(
    "wrong", [{"requests_per_minute": 0}, {"tokens_per_minute": -1}, {"retries": -1}, {"patience": 3}]
)
def test_limits_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValidationError):
        RateLimits(**wrong)


# Refused requests


def test_what_a_provider_asks_for_is_waited_for_by_every_thread(clock):
    limited = paced(clock)
    assert limited.refused(rate_limit(7.0), 0) == 7.0
    assert starts(limited, clock, 1) == [7.0]  # a request that was never refused


def test_where_it_asks_for_nothing_the_wait_doubles_and_holds_back_nobody_else(clock):
    limited = paced(clock, first_wait=2.0)
    waits = [limited.refused(LMServerError("500"), attempt) for attempt in range(4)]
    for wait, planned in zip(waits, (2, 4, 8, 16), strict=True):
        assert 0.8 * planned <= wait <= 1.2 * planned
    assert starts(limited, clock, 1) == [0.0]


def test_no_wait_is_endless(clock):
    limited = paced(clock, first_wait=1000.0)
    assert limited.refused(LMServerError("500"), 9) == LONGEST_WAIT_SECONDS
    assert limited.refused(rate_limit(10**9), 0) == LONGEST_WAIT_SECONDS
    assert starts(limited, clock, 1) == [0.0]  # nobody waits for who asks for too much: the call has failed


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        (rate_limit(), 6),
        (rate_limit(LONGEST_WAIT_SECONDS), 6),
        (LMServerError("500"), 6),
        (LMTimeoutError("slow"), 1),
        (rate_limit(LONGEST_WAIT_SECONDS + 1), 0),  # coming back earlier would be against what was asked
        (ContextWindowExceededError(), 0),  # nothing to hope for
    ],
    ids=str,
)
def test_how_often_a_request_is_sent_again_depends_on_what_happened(clock, fault, attempts):
    limited = paced(clock)
    assert [limited.may_retry(fault, attempt) for attempt in range(8)] == [attempt < attempts for attempt in range(8)]


def test_an_outage_of_two_minutes_is_waited_out(clock):
    limited, fault = paced(clock), LMServerError("500")
    assert sum(limited.refused(fault, attempt) for attempt in range(8) if limited.may_retry(fault, attempt)) > 100


# Stages keep to it


def solve(answers, limited: Pace):
    with within(rate_limiter=limited), dspy.context(lm=scripted_lm(answers)):
        return Stage(SolveDirectly, 100, 0.2)(0, problem="p")


def test_a_stage_sends_a_refused_request_again_within_one_call(trace, clock):
    storm = [rate_limit(3.0), LMServerError("500"), rate_limit(2.0)]
    assert solve([*storm, GOOD], paced(clock)).code == "print(1)\n"
    (call,) = trace.calls
    assert (call.outcome, call.retries) == ("ok", 3)
    first, second, third = clock.slept
    assert (first, third) == (3.0, 2.0) and 3.2 <= second <= 4.8


def test_a_storm_that_does_not_end_costs_the_stage(trace, clock):
    assert solve([rate_limit(1.0)] * 7, paced(clock)) is None
    (call,) = trace.calls
    assert (call.outcome, call.retries) == ("lm_error", 6)
    assert clock.slept == [1.0] * 6


@pytest.mark.parametrize("counts", [True, False], ids=["counted", "not counted"])
def test_after_an_outage_the_first_answer_brings_patience_back(trace, clock, monkeypatch, counts):
    if not counts:
        monkeypatch.setattr("dspy.lm15.Usage", lambda **_: Usage())
    limited = paced(clock)
    assert solve([LMServerError("500")] * 7, limited) is None
    assert solve([LMServerError("500")], limited) is None, "an outage is waited out once"
    assert solve([GOOD], limited) is not None
    assert solve([LMServerError("500"), GOOD], limited) is not None
    assert [call.retries for call in trace.calls] == [6, 0, 0, 1]
    assert [call.prompt_tokens > 0 for call in trace.calls if call.outcome == "ok"] == [counts, counts]


def test_a_stage_does_not_wait_longer_than_its_rollout_has_time(trace, clock):
    trace.limit(Budget(seconds=1000.0))
    limited = paced(clock, requests_per_minute=1)
    assert solve([rate_limit(), GOOD], limited).code == "print(1)\n"
    trace.limit(Budget(seconds=30.0))
    assert solve([], limited) is None
    assert trace.calls[-1].detail == "no answer within the budget of seconds"
    assert solve([rate_limit(60.0)], paced(clock)) is None
    assert trace.calls[-1].retries == 0 and trace.calls[-1].fault == "LMRateLimitError: wait"


def test_tokens_of_every_answer_count_for_the_minute(trace, clock):
    limited = paced(clock, tokens_per_minute=1)
    assert solve([GOOD], limited) is not None
    assert solve([GOOD], limited) is not None
    assert clock.now == 60.0


def test_outside_of_a_run_there_are_no_limits(clock):
    inside = paced(clock)
    with within(rate_limiter=inside):
        assert context().rate_limiter is inside
    assert context().rate_limiter is not inside and context().rate_limiter.limits == RateLimits()


def test_an_answer_that_took_too_long_is_asked_for_once_more_whoever_reports_it():
    slow = LMTransportError("read timed out waiting for headers", model="m")
    for fault, allowed in (
        (slow, 1),
        (LMTimeoutError("late", model="m"), 1),
        (LMTransportError("reset", model="m"), 3),
    ):
        pace = Pace(RateLimits(retries=3))
        assert [pace.may_retry(fault, attempt) for attempt in range(4)] == [attempt < allowed for attempt in range(4)]
