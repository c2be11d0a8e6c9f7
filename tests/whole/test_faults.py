"""Whatever the LM does, a rollout ends with the best it has, within its budget, and its trace adds up."""

import json
import random
from itertools import pairwise

import dspy
import pytest

from program import artifact
from program.adapters.lean import LeanAdapter
from program.problem import Problem, PublicTest
from program.rollout.context import new_trace, within
from program.rollout.rate_limits import Pace, RateLimits
from program.rollout.trace import Best, Trace
from tests.support.clock import Clock
from tests.support.faulty import FaultyEngine
from tests.support.scripted import Rollout, written

pytestmark = pytest.mark.usefixtures("runs")

FEW, ALL = range(12), range(12, 200)  # of each program; over all programs the few are about 100
IN_FLIGHT = 8  # calls of one rollout at the same time, at most
EVERY_STAGE = {
    "check_explanations": True,
    "check_ai_tests": True,
    "fix_calls": 2,
    "brute_force": True,
    "stress_inputs": 2,
    "direct_first": 2,
}
PROGRAMS: dict[str, tuple[artifact.ProgramName, dict]] = {
    "flow": ("alphacodium", {}),
    "flow with every stage": ("alphacodium", EVERY_STAGE),
    "flow of three rounds": (
        "alphacodium",
        {"rounds": 3, "code_attempts": 3, "code_at_once": 3, "explain_to_fix": True},
    ),
    "bare flow": ("alphacodium", {"solutions": 0, "ai_tests": 0, "public_tries": 0, "code_attempts": 1}),
    "direct": ("direct", {}),
    "chain of thought": ("chain-of-thought", {}),
    "sampling": ("sampling", {"programs": 7, "at_once": 3, "stop_early": True}),
    "reflexion": ("reflexion", {}),
}


def problem(dice: random.Random) -> Problem:
    tests = [PublicTest(input=f"{n}\n", output=f"{2 * n}\n") for n in (1, 2, 7)]
    return Problem(name="Double", description="Print twice the number.", public_tests=tuple(tests[: dice.randrange(4)]))


def budget(dice: random.Random) -> dict:
    """Mostly tight limits of some resources, sometimes none."""
    limits = {
        "calls": dice.randint(1, 12),
        "tokens": dice.choice([1, 300, 3000]),
        "seconds": dice.choice([0.001, 0.05, 60]),
    }
    return {name: limits[name] for name in limits if dice.random() < 0.3}


@pytest.mark.parametrize("seeds", [FEW, pytest.param(ALL, marks=pytest.mark.long)], ids=["few", "all"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_no_rollout_raises_and_each_ends_within_its_budget_with_an_account_that_adds_up(name, seeds):
    kind, config = PROGRAMS[name]
    for seed in seeds:
        dice = random.Random(f"{name} {seed}")
        limits = budget(dice)
        program = artifact.new_program(kind, {**config, "budget": limits})
        engine = FaultyEngine(dice.randrange(10**9))
        lm = dspy.LM("faulty/lm", engine=engine, cache=False, num_retries=0)
        clock = Clock()
        pace = Pace(RateLimits(retries=dice.choice([0, 1, 4])), clock.read, clock.sleep)
        with dspy.context(lm=lm, adapter=LeanAdapter()), within(rate_limiter=pace), new_trace() as trace:
            code = program(problem=problem(dice), sample=dice.randrange(3)).code
        where = f"seed {seed} of {name}, budget {limits}"
        assert_within(trace, limits, where)
        assert_adds_up(trace, code, engine, exact="seconds" not in limits, where=where)


def assert_within(trace: Trace, limits: dict, where: str) -> None:
    calls = trace.calls
    assert len(calls) <= limits.get("calls", len(calls)), where
    used = sorted(call.prompt_tokens + call.completion_tokens for call in calls)
    if "tokens" in limits:
        assert sum(used[:-IN_FLIGHT]) < limits["tokens"], where
    assert {resource for _, resource in trace.spent_budgets} <= set(limits), where
    if "calls" in limits and ("rollout", "calls") in trace.spent_budgets:
        kept = int(not trace.programs)  # the call for a program, which another limit may have prevented
        assert limits["calls"] - kept <= len(calls), where


def assert_adds_up(trace: Trace, code: str, engine: FaultyEngine, exact: bool, where: str) -> None:
    totals, calls = trace.totals(), trace.calls
    assert totals.calls == len(calls) and totals.failed_calls == sum(call.outcome != "ok" for call in calls), where
    used = totals.prompt_tokens + totals.completion_tokens
    sent = sum(1 + call.retries for call in calls)
    if exact:  # with a budget of seconds, calls may be left behind
        assert (used, sent) == (engine.tokens, engine.requests), where
    else:
        assert used <= engine.tokens, where
    assert all(call.fault for call in calls if call.outcome != "ok"), where
    best = [event for event in trace.events if isinstance(event, Best)]
    assert code == (best[-1].code if best else ""), where
    assert all(one.calls <= other.calls for one, other in pairwise(best)), where
    assert all(run.seconds >= 0 and len(run.verdicts) == len(run.runs) for run in trace.judge_runs), where
    stored = json.loads(json.dumps(trace.slim()))
    assert Trace.model_validate(stored).totals() == totals, where


def test_an_ai_test_of_a_hundred_megabytes_is_dropped(double, trace):
    program = artifact.new_program("alphacodium", {"check_ai_tests": True})
    huge = written(("9" * 100_000_000, "1"), ("3", "6"))
    rollout = Rollout(program, double, WriteTests=huge)
    assert rollout.code and max(len(prompt) for _, prompt in rollout.asked) < 10_000
    assert [len(run.runs) for run in trace.judge_runs if run.tests == "ai"] == [1]
