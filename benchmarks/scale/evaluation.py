"""A large evaluation: `python -m benchmarks.scale.evaluation [--problems 20 165] [--n 5] [--concurrency 64]`.

It uses a simulated LM of fixed latency and known skill, the real judge, the problems of both packs repeated under new
names, and three programs with known true solved rates. For each size it prints: the time, with two lower bounds (the
latency at this concurrency; the CPU time of the judge over the cores); our own CPU time; the peak memory of all
processes; lost rollouts; and whether the intervals contain the true rates.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "true")  # no network request for prices

import dspy

from benchmarks.flow.overhead import answers_waited_for, ideal_makespan
from benchmarks.flow.repeated import repeated
from benchmarks.scale.process_tree import watched
from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.report.write import write_report
from eval.rollouts.executor import Arm, Threads
from eval.rollouts.loop import run_loop
from eval.rollouts.rollout import Rollout
from eval.rollouts.run_folder import RunFolder, read_rollouts
from eval.simulated.lm import simulated_lm
from eval.simulated.skills import Skills
from eval.tables.markdown import table
from eval.tables.summary import summarize
from judge.judge import judge
from program.adapters.lean import LeanAdapter
from program.alphacodium import AlphaCodium
from program.baselines.direct import Direct
from program.steps.config import FlowConfig

SKILLS = Skills(code_right=0.3, ai_test_valid=1, ranking_right=0.6, format_broken=0, demo_gain=0.05, demo_gain_cap=0.2)
DEMOS = 4
ATTEMPTS = 3  # programs that the flow writes until one passes the public tests; it fixes none


def arms(problems: ProblemSet) -> list[tuple[Arm, float]]:
    """Three programs, each with its true solved rate."""
    plain, shown = Direct(), Direct()
    shown.solve.predict.demos = [
        dspy.Example(problem=each.text(), code=problems.known(each.name).right[0]) for each in problems.problems[:DEMOS]
    ]
    flow = AlphaCodium(FlowConfig(code_attempts=ATTEMPTS, public_tries=0, ai_fixes=0))
    for program in (plain, shown, flow):
        program.adapter = LeanAdapter()
    gain = min(SKILLS.demo_gain_cap, DEMOS * SKILLS.demo_gain)
    return [
        (Arm("direct", plain), SKILLS.code_right),
        (Arm("direct with demonstrations", shown), SKILLS.code_right + gain),
        (Arm("flow", flow), _truth_of_flow(problems)),
    ]


def _truth_of_flow(problems: ProblemSet) -> float:
    """The true rate of the flow, which writes another program as long as the last one fails a public test."""
    right, seen = SKILLS.code_right, {}
    rates = []
    for problem in problems.problems:
        wrong, tests = problems.known(problem.name).wrong, tuple(problem.tests())
        for program in wrong:
            if (program, tests) not in seen:
                seen[program, tests] = not judge(program, tests, problem.limits(), stop_at_failure=True).all_passed
        goes_on = (1 - right) * sum(seen[program, tests] for program in wrong) / len(wrong)
        rates.append(right * sum(goes_on**attempt for attempt in range(ATTEMPTS)))
    return sum(rates) / len(rates)


def measure(count: int, samples: int, concurrency: int, latency: float, folder: Path) -> list[str]:
    """One evaluation of `count` problems; prints its rates and returns the row of the table."""
    packs = [load_problems("pack", split) for split in ("test", "valid")]
    problems = replace(repeated(packs, count), data="repeated", fingerprint=f"repeated {count}")
    compared = arms(problems)
    lm = simulated_lm(problems, SKILLS)
    engine: Any = lm.engine
    for problem in problems.problems:
        engine.prepare(problem.name)
    engine.skills = SKILLS.model_copy(update={"latency_seconds": latency})
    config = {
        "artifacts": {arm.name: "-" for arm, _ in compared},
        "data": problems.data,
        "split": problems.split,
        "data_fingerprint": problems.fingerprint,
        "problems": [problem.name for problem in problems.problems],
        "lm": "simulated",
        "samples": samples,
    }
    run = RunFolder(folder, config)
    begin, cpu = time.perf_counter(), time.process_time()
    with watched() as used:
        for _ in run_loop(
            run,
            [arm for arm, _ in compared],
            problems,
            Threads(lm),
            samples=samples,
            concurrency=concurrency,
            label=f"{count}",
        ):
            pass
        wall, own = time.perf_counter() - begin, time.process_time() - cpu
    with watched() as report:
        begin = time.perf_counter()
        write_report([folder], folder / "report.html", problems)
    stored = read_rollouts(folder)
    lost = count * samples * len(compared) - sum(rollout.status != "not judged" for rollout in stored)
    _check_rates(stored, compared)
    waits = [answers_waited_for(rollout.trace) * latency for rollout in stored]
    return [
        *(str(each) for each in (count, len(stored), lost)),
        f"{wall:.0f}",
        f"{ideal_makespan(waits, concurrency):.0f}",
        f"{used.children_seconds / len(os.sched_getaffinity(0)):.0f}",
        f"{own:.0f}",
        f"{used.peak_mb:.0f}",
        f"{time.perf_counter() - begin:.0f} s, {report.peak_mb:.0f} MB",
    ]


def _check_rates(stored: Sequence[Rollout], compared: Sequence[tuple[Arm, float]]) -> None:
    for arm, truth in compared:
        found = summarize(arm.name, [rollout for rollout in stored if rollout.arm == arm.name])
        low, high = found.solved_interval
        said = "inside" if low <= truth <= high else "OUTSIDE"
        print(f"{arm.name}: {found.solved:.1%} solved, {low:.1%} to {high:.1%}; truth {truth:.1%}: {said}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale.evaluation", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--problems", nargs="+", type=int, default=[20, 165], help="sizes (default: 20 165)")
    parser.add_argument("--n", type=int, default=5, help="samples per problem (default: %(default)s)")
    parser.add_argument("--concurrency", type=int, default=64, help="parallel rollouts (default: %(default)s)")
    parser.add_argument("--latency", type=float, default=2.0, help="seconds per answer (default: %(default)s)")
    options = parser.parse_args()
    head = ["problems", "rollouts", "lost", "seconds", "floor: LM", "floor: judge", "own CPU", "peak MB", "report"]
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            measure(count, options.n, options.concurrency, options.latency, Path(folder) / str(count))
            for count in options.problems
        ]
    print(f"\n{table(head, rows)}")


if __name__ == "__main__":
    main()
