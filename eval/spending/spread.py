"""Spread a total budget over problems: make draws, and decide from their results which problem gets more."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from eval.data.problem_set import ProblemSet
from eval.errors import RunError
from eval.rollouts.executor import Arm, Executor
from eval.rollouts.loop import LOOK_SECONDS, Key
from eval.rollouts.rollout import Rollout
from eval.spending.allocator import Allocator, Draw, DrawnSoFar
from judge.verdict import Verdict
from program.cli.progress_line import ProgressLine, count
from program.errors import ModelError
from program.rollout.budget import Allowance, Budget
from program.rollout.decisions import ClusterChosen
from program.rollout.trace import name_of, outage_of
from program.stopping import Interrupted, graceful, is_asked

TOTALS = {"calls": "total_calls", "tokens": "total_tokens", "dollars": "total_dollars"}


def refuse_single_draws(arms: Sequence[Arm]) -> None:
    """Refuse programs with rollouts that cannot get further draws.

    Raises:
        RunError: there is one.
    """
    for arm in arms:
        if not arm.program.continued_by:
            kind = type(arm.program).__name__
            raise RunError(
                f"{arm.name}: a total budget is spread draw by draw, but {kind} makes only one draw; use sampling, "
                "reflexion or the flow, which continues round by round"
            )


def spread_total(
    arms: Sequence[Arm],
    problems: ProblemSet,
    executor: Executor,
    total: Budget,
    *,
    samples: int = 1,
    concurrency: int = 4,
    label: str = "draws",
) -> dict[Key, Allowance]:
    """The limits of each rollout, if each arm spreads `total` over all problems in each sample.

    A draw is a rollout with one draw more than the problem's last rollout. Earlier answers are in the run's ledger, so
    only new calls are paid for, and a killed run gets back to this point for free. Only the programs themselves judge
    here, on the tests that they may see.

    Raises:
        Interrupted: the command was asked to stop.
        ModelError: a draw was lost to an outage, so its result is unknown.
        RunError: tokens or dollars are limited but unknown.
    """
    spreads = {
        (arm.name, sample): Allocator([problem.name for problem in problems.problems], total)
        for sample in range(samples)
        for arm in arms
    }
    by_name = {arm.name: arm for arm in arms}
    made = 0

    def one(arm: str, sample: int, draw: Draw) -> Rollout:
        return executor.run(by_name[arm], problems.problem(draw.problem), sample, draw.allowance)

    def line() -> str:
        spent = [f"{count(executor.budget.calls)} calls"] if executor.budget.calls else []
        return " | ".join([f"{label}, spreading a total: {made} draws", *spent])

    with graceful(), ThreadPoolExecutor(concurrency, thread_name_prefix="draw") as pool, ProgressLine(line):
        while batch := [(key, draw) for key, spread in spreads.items() for draw in spread.batch()]:
            futures = {pool.submit(one, *key, draw): (key, draw) for key, draw in batch}
            _finish(futures)
            for future, (key, draw) in futures.items():
                rollout = future.result()
                _refuse_lost(rollout)
                spreads[key].take(draw.problem, draw.allowance, standing_of(rollout), _used(rollout, total))
                made += 1
    return {
        (arm, name, sample): allowance
        for (arm, sample), spread in spreads.items()
        for name, allowance in spread.allowed.items()
    }


def standing_of(rollout: Rollout) -> DrawnSoFar:
    """What an unjudged rollout shows about its problem. Strategies that choose among several programs count those that
    pass; for the others, one passing program is the end."""
    trace, draws, programs = rollout.trace, rollout.draws or 0, len(rollout.trace.programs)
    ended = bool(rollout.error or trace.spent_budgets)
    chosen = next((each for each in reversed(trace.decisions) if isinstance(each, ClusterChosen)), None)
    if chosen is not None:
        return DrawnSoFar(draws, programs, chosen.passing, chosen.alike, ended)
    runs = [run for run in trace.judge_runs if run.tests == "public" and run.program == name_of(rollout.code)]
    failed = any(verdict != Verdict.AC.value for run in runs for verdict in run.verdicts)
    if not rollout.code.strip() or failed:
        return DrawnSoFar(draws, programs, ended=ended)
    return DrawnSoFar(draws, programs, passing=1, alike=1, ended=True)


def _finish(futures: dict[Future[Rollout], tuple[tuple[str, int], Draw]]) -> None:
    """Wait for all draws of a batch; begin no more draws if the command was asked to stop.

    Raises:
        Interrupted: the command was asked to stop.
    """
    pending = set(futures)
    while pending:
        _, pending = wait(pending, LOOK_SECONDS)
        if is_asked():
            for future in pending:
                future.cancel()
            raise Interrupted


def _refuse_lost(rollout: Rollout) -> None:
    lost = outage_of(rollout.trace) or (rollout.status == "not judged" and rollout.error)
    if lost and not rollout.is_refused:
        raise ModelError(f"a draw for {rollout.problem} was lost ({lost}); the same command retries it")


def _used(rollout: Rollout, total: Budget) -> dict[str, float]:
    totals = rollout.totals
    used = {"calls": totals.calls, "tokens": totals.tokens, "dollars": totals.dollars}
    for name in total.model_dump(exclude_none=True):
        if used[name] is None:
            option = TOTALS[name].replace("_", "-")
            raise RunError(f"--{option} cannot be enforced: the number of {name} used is unknown; use --total-calls")
    return {name: amount for name, amount in used.items() if amount is not None}
