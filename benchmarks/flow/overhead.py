"""The time of the flow relative to the ideal, with a simulated LM of fixed latency.

    python -m benchmarks.flow.overhead [--latency SECONDS] [--problems N] [--concurrency N]

One problem: the ideal is the number of sequential answers times the latency. Many problems at once: the ideal is the
makespan of a scheduler without losses, in which each problem takes the sequential answers of its rollout. The excess is
our own work: prompts, parsing, judge runs. So choose a latency that is large compared with the machine's own work.
"""

from __future__ import annotations

import argparse
import heapq
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "true")  # no network request for prices

from typing import Any

import dspy
from tqdm import tqdm

from benchmarks.flow.repeated import repeated
from eval.data.load import load_problems
from eval.data.problem_set import Known, ProblemSet
from eval.simulated.lm import simulated_lm
from eval.simulated.skills import Skills
from program.adapters.lean import LeanAdapter
from program.alphacodium import AlphaCodium
from program.problem import Problem
from program.rollout.context import new_trace
from program.rollout.trace import Trace
from program.steps.config import FlowConfig

SURE = Skills(code_right=1, fix_repairs=0, ai_test_valid=1, ranking_right=1, format_broken=0)
VARIED = Skills(code_right=0.4, fix_repairs=0.3, ai_test_valid=0.8, ranking_right=0.6, format_broken=0)
# Each is wrong in another way, so that a fix is followed by another fix.
WRONG = tuple(f"print('wrong', {number})\n" for number in range(20))
BESIDE = {"ExplainTests", "WriteTests"}  # runs in parallel with another stage, so it adds no waiting time


def with_wrong_programs(problems: ProblemSet) -> ProblemSet:
    """The first problem, with wrong programs that fail every public test."""
    first = problems.problems[0]
    known = Known(right=problems.known(first.name).right, wrong=WRONG)
    return replace(problems, problems=(first,), _known={first.name: known})


def opened(problems: ProblemSet, skills: Skills, latency: float) -> dspy.LM:
    """A simulated LM with prepared tests of all problems, because the preparation takes time."""
    lm = simulated_lm(problems, skills)
    engine: Any = lm.engine
    for problem in tqdm(problems.problems, desc="preparing", leave=False):
        engine.prepare(problem.name)
    engine.skills = skills.model_copy(update={"latency_seconds": latency})
    return lm


def rollout(lm: dspy.LM, problem: Problem, config: FlowConfig) -> tuple[float, Trace]:
    """Seconds from the problem to the program, and the trace."""
    with dspy.context(lm=lm, adapter=LeanAdapter()), new_trace() as trace:
        begin = time.monotonic()
        AlphaCodium(config)(problem=problem)
        return time.monotonic() - begin, trace


def answers_waited_for(trace: Trace) -> int:
    """The number of sequential answers of the rollout."""
    return sum(call.stage not in BESIDE for call in trace.calls)


def ideal_makespan(durations: Sequence[float], slots: int) -> float:
    """The end of the last job, if jobs begin in order as soon as one of `slots` is free."""
    free = [0.0] * slots
    for duration in durations:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


def one_problem(problems: ProblemSet, latency: float) -> None:
    """Print the total time for a first program that passes, and for one to three fixes in one or two calls."""
    problem = problems.problems[0]
    lm = opened(replace(problems, problems=(problem,)), SURE, latency)
    seconds, trace = rollout(lm, problem, FlowConfig())
    _show("first program passes", seconds, 4 * latency, len(trace.calls))
    hard = with_wrong_programs(problems)
    lm = opened(hard, SURE.model_copy(update={"code_right": 0.0}), latency)
    for calls in (1, 2):
        for rounds in (1, 2, 3):
            config = FlowConfig(
                code_attempts=1, public_tries=rounds, fixes_per_program=rounds, ai_fixes=0, fix_calls=calls
            )
            seconds, trace = rollout(lm, problem, config)
            what = f"{rounds} fix{'es' if rounds > 1 else ''}" + (" in two calls each" if calls == 2 else "")
            _show(what, seconds, (4 + rounds * calls) * latency, len(trace.calls))


def many_problems(problems: ProblemSet, count: int, concurrency: int, latency: float) -> None:
    """Print the total time, and the calls per problem."""
    many = repeated([problems], count)
    lm = opened(many, VARIED, latency)
    begin = time.monotonic()
    with ThreadPoolExecutor(concurrency) as pool:
        done = list(pool.map(lambda problem: rollout(lm, problem, FlowConfig()), many.problems))
    seconds = time.monotonic() - begin
    calls = [len(trace.calls) for _, trace in done]
    ideal = ideal_makespan([answers_waited_for(trace) * latency for _, trace in done], concurrency)
    _show(f"{count} problems, {concurrency} at once", seconds, ideal, sum(calls))
    print(f"calls per problem: {min(calls)} to {max(calls)}, median {statistics.median(calls):g}")


def _show(what: str, seconds: float, ideal: float, calls: int) -> None:
    print(f"{what:28} {seconds:8.2f} s  ideal {ideal:8.2f} s  ratio {seconds / ideal:5.2f}  {calls} calls", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.flow.overhead", description="The flow's time relative to the ideal."
    )
    parser.add_argument("--latency", type=float, default=2.0, help="seconds per answer (default: %(default)s)")
    parser.add_argument("--problems", type=int, default=100, help="problems at once (default: %(default)s)")
    parser.add_argument("--concurrency", type=int, default=50, help="parallel rollouts (default: %(default)s)")
    options = parser.parse_args()
    problems = load_problems("pack", "test")
    one_problem(problems, options.latency)
    many_problems(problems, options.problems, options.concurrency, options.latency)


if __name__ == "__main__":
    main()
