"""A total budget spread over problems compared with the same total in equal parts, on stored or simulated draws.

    python -m benchmarks.numbers.spending RUN… [--arm sampling] [--totals 2 3 4 6] [--orders N]
    python -m benchmarks.numbers.spending --simulated 164 [--orders N]

A stored rollout of sampling has some draws for each problem. They are replayed in other orders, without a model. Each
way of spending sees whether a draw passes the public tests and which draws behave like it on the inputs of the AI
tests, and submits a program of the largest group. A draw is a call; no draw is available when the stored ones are used
up. The result is the number of problems that the submitted programs solve, averaged over the orders.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from eval.data.problem_set import ProblemSet
from eval.numbers.paired import differences
from eval.options import path_name, whole
from eval.rejudged.reading_headroom import program_meant
from eval.rollouts.rollout import Rollout
from eval.rollouts.score import score
from eval.rollouts.stored_arms import header, problems_of, stored_arms
from eval.rollouts.trace_files import read_trace
from eval.spending.allocator import Allocator, DrawnSoFar
from eval.tables.markdown import p_value, points, table
from judge.shared import default_workers
from judge.verdict import Verdict
from program.cli.command import run_command
from program.rollout.budget import Budget
from program.rollout.trace import Call, JudgeRun

WRITES = "SolveDirectly"  # the stage of sampling that writes programs
DRAWS = 40  # simulated draws per problem


@dataclass(frozen=True)
class KnownDraw:
    """A draw with known results.

    passes: whether it passes the public tests.
    solves: whether it also passes the hidden tests.
    behaviour: equal for programs with the same behaviour on the compared inputs.
    program: equal for equal programs.
    """

    passes: bool
    solves: bool
    behaviour: str
    program: str


Draws = Mapping[str, Sequence[KnownDraw]]  # by problem
Spending = Callable[[Draws, int], dict[str, int]]  # the draws of each problem from a total


def main() -> None:
    said = "Spread a total over problems, or divide it equally."
    parser = argparse.ArgumentParser(prog="python -m benchmarks.numbers.spending", description=said)
    parser.add_argument("runs", nargs="*", type=path_name, help="folders written by eval.run, with traces")
    parser.add_argument("--arm", default="sampling", help="the arm with the draws (default: %(default)s)")
    parser.add_argument("--totals", nargs="+", type=whole(), default=[2, 3, 4, 6], help="mean draws per problem")
    parser.add_argument(
        "--orders", type=whole(), default=100, help="number of orders of the draws (default: %(default)s)"
    )
    parser.add_argument("--simulated", type=whole(), help="also this many problems with known skills")
    said = "use only the order of the run: for an arm that stopped drawing when a program passed"
    parser.add_argument("--as-drawn", action="store_true", help=said)
    run_command(parser, _print)


def uniform(draws: Draws, total: int) -> dict[str, int]:
    """Equal parts; the first problems get the remainder."""
    each, more = divmod(total, len(draws))
    return {name: each + (place < more) for place, name in enumerate(draws)}


def in_turn(draws: Draws, total: int) -> dict[str, int]:
    """Round-robin, without problems with a passing draw (Reset-and-Discard)."""
    made = dict.fromkeys(draws, 0)
    while total and (open_ones := [name for name in draws if _is_open(draws[name], made[name])]):
        for name in open_ones[:total]:
            made[name], total = made[name] + 1, total - 1
    return made


def allocated(draws: Draws, total: int) -> dict[str, int]:
    """As in `eval.run --total-calls`."""
    allocator = Allocator(list(draws), Budget(calls=total))
    while batch := allocator.batch():
        for draw in batch:
            made = draw.allowance.draws
            found = _drawn_so_far(draws[draw.problem], made)
            allocator.take(draw.problem, draw.allowance, found, {"calls": made})
    return {name: allowance.draws for name, allowance in allocator.allowed.items()}


WAYS: dict[str, Spending] = {"uniform": uniform, "in turn": in_turn, "allocated": allocated}


def solved_by(way: Spending, draws: Draws, mean: int, orders: Sequence[int | None]) -> dict[str, float]:
    """How often each problem is solved if `mean` draws per problem, on average, are spent in this way.

    Args:
        way: of spending.
        draws: the available draws.
        mean: draws per problem; all of them together are the total.
        orders: seeds of orders of the draws; None for the stored order.
    """
    solved: Counter[str] = Counter()
    for seed in orders:
        chance = random.Random(seed)
        order = {name: each if seed is None else chance.sample(each, len(each)) for name, each in draws.items()}
        spent = way(order, mean * len(draws))
        solved.update(name for name in order if _hands_in_right(order[name][: spent[name]]))
    return {name: solved[name] / len(orders) for name in draws}


def stored_draws(run: Path, rollouts: Sequence[Rollout], problems: ProblemSet) -> dict[str, list[KnownDraw]]:
    """The draws of stored rollouts of sampling, with all samples of a problem together.

    Raises:
        RunError: a trace is damaged.
        JudgeError: the judge failed.
    """
    with ThreadPoolExecutor(default_workers()) as threads:
        found = list(threads.map(lambda each: _draws_of(run, each, problems), rollouts))
    draws: dict[str, list[KnownDraw]] = {}
    for rollout, each in zip(rollouts, found, strict=True):
        draws.setdefault(rollout.problem, []).extend(each)
    return draws


def simulated_draws(problems: int) -> dict[str, list[KnownDraw]]:
    """Draws for problems of known skill: a third cannot be solved; for the others, a draw's success probability is
    Beta(0.5, 1.5). One of ten wrong programs passes the public tests; wrong programs have three behaviours, and all
    programs are different."""
    chance = random.Random(0)
    skills = [0.0 if chance.random() < 1 / 3 else chance.betavariate(0.5, 1.5) for _ in range(problems)]
    return {
        f"problem {number}": [_simulated(skill, chance) for _ in range(DRAWS)] for number, skill in enumerate(skills)
    }


def _simulated(skill: float, chance: random.Random) -> KnownDraw:
    if chance.random() < skill:
        return KnownDraw(True, True, "right", str(chance.random()))
    return KnownDraw(chance.random() < 0.1, False, f"wrong {chance.randrange(3)}", str(chance.random()))


def _draws_of(run: Path, rollout: Rollout, problems: ProblemSet) -> list[KnownDraw]:
    problem, events = problems.problem(rollout.problem), read_trace(run, *rollout.key())
    public, behaviours = {}, {}
    for event in events:
        if isinstance(event, JudgeRun) and event.tests == "public":
            public[event.code] = all(verdict == Verdict.AC.value for verdict in event.verdicts)
        elif isinstance(event, JudgeRun) and event.tests == "ai":
            behaviours[event.code] = repr([(each.verdict, each.output) for each in event.runs])
    found = []
    for call in events:
        if isinstance(call, Call) and call.stage == WRITES and call.came:
            code = program_meant(call, list(public), problem) or ""
            passes = public.get(code, False)
            solves = passes and score(code, problem, problems).solved
            found.append(KnownDraw(passes, solves, behaviours.get(code, code), code))
    return found


def _drawn_so_far(draws: Sequence[KnownDraw], made: int) -> DrawnSoFar:
    groups = Counter(each.behaviour for each in draws[:made] if each.passes)
    programs, alike = len({each.program for each in draws[:made]}), max(groups.values(), default=0)
    return DrawnSoFar(made, programs, groups.total(), alike, ended=made == len(draws))


def _is_open(draws: Sequence[KnownDraw], made: int) -> bool:
    return made < len(draws) and not any(each.passes for each in draws[:made])


def _hands_in_right(draws: Sequence[KnownDraw]) -> bool:
    passing = [each for each in draws if each.passes]
    if not passing:
        return False
    groups = Counter(each.behaviour for each in passing)
    chosen = max(groups, key=lambda behaviour: groups[behaviour])  # among equals the first draw
    return next(each.solves for each in passing if each.behaviour == chosen)


def _print(options: argparse.Namespace) -> None:
    for run in options.runs:
        (arm,) = stored_arms([run], [options.arm])
        print(header([arm]))
        _table(stored_draws(run, arm.rollouts, problems_of(arm)), options)
    if options.simulated:
        print(f"{options.simulated} problems with known skills")
        _table(simulated_draws(options.simulated), options)


def _table(draws: Draws, options: argparse.Namespace) -> None:
    most = min(map(len, draws.values()))
    reach = sum(any(each.solves for each in drawn) for drawn in draws.values())
    print(f"{most} draws per problem or more; {reach} of {len(draws)} problems have a right draw\n")
    orders = [None] if options.as_drawn else range(options.orders)
    rows = []
    for mean in options.totals:
        solved = {name: solved_by(way, draws, mean, orders) for name, way in WAYS.items()}
        pairs = [([*solved["uniform"].values()], [*solved[name].values()]) for name in ("in turn", "allocated")]
        said = [f"{points(each.estimate)}, p = {p_value(each.p)}" for each in differences(pairs)]
        rows.append(
            [f"{mean * len(draws):,} ({mean})", *(f"{sum(each.values()):.1f}" for each in solved.values()), *said]
        )
    head = ["draws in all (per problem)", *WAYS, "in turn against uniform", "allocated against uniform"]
    print(f"{table(head, rows)}\n")


if __name__ == "__main__":
    main()
