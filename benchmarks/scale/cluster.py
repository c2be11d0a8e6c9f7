"""The overhead of Ray over threads on equal cores: `python -m benchmarks.scale.cluster [--rollouts 144]`.

Rollouts of one program with a simulated LM of fixed latency behind an address, then judgements of one program, each
with threads and with Ray, each in its own process. The medians over `--rounds` are printed: the time (on a busy
machine, compare only within one run); the CPU time of all processes together, which other load hardly changes
(including daemons, but not their start); and the driver's CPU time and memory.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "true")  # no network request for prices

from benchmarks.scale.process_tree import children_seconds
from eval.cluster.flow_worker import Flows
from eval.cluster.on_ray import on_cluster
from eval.cluster.ray_nodes import RayActor, own_node
from eval.cluster.shared_limits import LimitsOwner, SharedPace
from eval.data.load import load_problems
from eval.rollouts.executor import Arm, Executor, Threads
from eval.rollouts.loop import run_loop
from eval.rollouts.run_folder import RunFolder, read_rollouts
from eval.tables.markdown import table
from judge.judge import judge
from judge.shared import default_workers
from judge.verdict import Limits, TestCase
from program.artifact import load_program
from program.cli.model_options import Models, ServedModel
from program.models.open import open_lm
from program.rollout.budget import Budget
from program.rollout.rate_limits import RateLimits

MODEL = "openai/simulated"
PROGRAM, TESTS = "print(int(input()) + 1)\n", [TestCase(f"{n}\n", f"{n + 1}\n") for n in range(3)]
ASKS = 1000


@contextmanager
def served(latency: float) -> Iterator[str]:
    """The address of a simulated LM in its own process."""
    command = [sys.executable, "-m", "eval.serve_simulated", "--set", f"skills.latency_seconds={latency}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


@contextmanager
def executor_of(kind: str, arm: Arm, address: str, concurrency: int) -> Iterator[Executor]:
    """Threads here, or a Ray cluster of only this machine."""
    if kind == "threads":
        with open_lm(MODEL, api_base=address) as lm:
            yield Threads(lm)
        return
    with TemporaryDirectory() as paid:
        flows = Flows([arm], Models(ServedModel(MODEL, address)), concurrency, Budget(), RateLimits(), Path(paid))
        with on_cluster(None, "prefer", flows) as executor:
            yield executor


def cost(work: Callable[[], object], count: int) -> list[float]:
    """Seconds of `work`, parts per second, and CPU milliseconds per part: of all processes, and of this one."""
    children, begin, own = children_seconds(), time.perf_counter(), time.process_time()
    work()
    seconds, own = time.perf_counter() - begin, time.process_time() - own
    return [seconds, count / seconds, *(1000 * cpu / count for cpu in (own + children_seconds() - children, own))]


def rollouts(kind: str, path: Path, wanted: int, concurrency: int, address: str) -> list[float]:
    """A row of the first table, without its name."""
    problems = load_problems("pack", "test")
    program = load_program(path)
    arm = Arm(path.name, program)
    samples = math.ceil(wanted / len(problems.problems))
    count = samples * len(problems.problems)
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, executor_of(kind, arm, address, concurrency) as executor:
        start = time.perf_counter() - begin
        run = RunFolder(Path(folder), {})
        loop = run_loop(run, [arm], problems, executor, samples=samples, concurrency=concurrency)
        spent = cost(lambda: sum(1 for _ in loop), count)
        stored = read_rollouts(run.path)
    lost = count - sum(rollout.status != "not judged" for rollout in stored)
    flow = sum(rollout.seconds for rollout in stored) / count
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [count, lost, start, *spent, flow, peak]


def judgements(kind: str, count: int) -> list[float]:
    """A row of the second table, without its name."""

    def work() -> None:
        with ThreadPoolExecutor(default_workers()) as threads:
            done = threads.map(lambda _: judge(PROGRAM, TESTS, Limits()).all_passed, range(count))
            assert all(done)

    if kind == "threads":
        judge(PROGRAM, TESTS, Limits())  # starts the permanent processes
        return cost(work, count)
    with on_cluster(None, "prefer"):
        return cost(work, count)


def medians(measure: Callable[[str], list[float]], kinds: Sequence[str], rounds: int) -> list[list[str]]:
    """One row per executor: its name and the medians of `measure`. The order alternates between rounds."""
    found: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    for number in range(rounds):
        for kind in kinds if number % 2 == 0 else reversed(kinds):
            found[kind].append(measure(kind))
    middle = {kind: [statistics.median(each) for each in zip(*found[kind], strict=True)] for kind in kinds}
    return [[kind, *(f"{each:.0f}" if each >= 1000 else f"{each:.4g}" for each in middle[kind])] for kind in kinds]


def asks() -> str:
    """The cost of a request to the owner of budget and pace, from one process and from its threads."""
    with on_cluster(None, "prefer"):
        owner = RayActor(LimitsOwner, own_node(), 1, Budget(), RateLimits())
        pace = SharedPace(RateLimits(), owner)
        pace.wait()
        begin = time.perf_counter()
        for _ in range(ASKS):
            pace.wait()
        alone = (time.perf_counter() - begin) / ASKS
        with ThreadPoolExecutor(16) as threads:
            *_, cpu, own = cost(lambda: list(threads.map(lambda _: pace.wait(), range(ASKS))), ASKS)
        owner.end()
    threaded = f"{cpu:.1f} ms CPU each from 16 threads, {own:.1f} of them here"
    return f"asking the owner: {1000 * alone:.2f} ms one by one; {threaded}"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale.cluster", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/direct"), help="(default: %(default)s)")
    parser.add_argument("--rollouts", type=int, default=144, help="minimum number of rollouts (default: %(default)s)")
    parser.add_argument("--concurrency", type=int, default=16, help="parallel rollouts (default: %(default)s)")
    parser.add_argument("--latency", type=float, default=2.0, help="seconds per answer (default: %(default)s)")
    parser.add_argument(
        "--programs", type=int, default=200, help="programs to judge; 0 for none (default: %(default)s)"
    )
    parser.add_argument("--executors", nargs="+", default=["threads", "ray"], help="(default: threads ray)")
    parser.add_argument("--rounds", type=int, default=1, help="rounds for the medians (default: %(default)s)")
    options = parser.parse_args()
    ran = (options.artifact, options.rollouts, options.concurrency)
    compared = (options.executors, options.rounds)
    spent = ["seconds", "a second", "CPU ms, all", "CPU ms, driver"]
    alone = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1)
    with served(options.latency) as address, alone:
        rows = medians(lambda kind: alone.submit(rollouts, kind, *ran, address).result(), *compared)
        head = ["executor", "rollouts", "lost", "start, s", *spent, "s a flow", "driver, peak MB"]
        print(f"\n{table(head, rows)}\n", flush=True)
        if options.programs:
            rows = medians(lambda kind: alone.submit(judgements, kind, options.programs).result(), *compared)
            print(f"{table(['executor', *spent], rows)}\n", flush=True)
            print(alone.submit(asks).result())


if __name__ == "__main__":
    main()
