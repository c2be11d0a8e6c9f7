"""The speed of the judge, compared with a plain process per test and with no isolation.

    python -m benchmarks.judge.throughput [--tests N] [--rounds N] [--programs N]

On a trivial program and on the right programs of the shared data, all ways alternate within each round, so that other
load affects all equally. The output is medians over the rounds. CPU time is that of the judging process and all its
descendants, including interpreter starts and forks:

    floor       compile once, then `exec` in one process, nothing between tests: the lower bound
    plain       a process per test (`judge.sandbox.process`), two threads
    judge 1, 2  this judge, full reports, with one and with two workers
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.judge.oracle import OracleJob, shared_jobs
from benchmarks.judge.processes import descendants
from judge.judge import judge, verdict_of
from judge.sandbox.pool import Pool
from judge.sandbox.process import run_program
from judge.sandbox.session import source_bytes
from judge.verdict import Limits, TestCase, Verdict

TRIVIAL = OracleJob("trivial", "print(int(input()) + 1)", [TestCase("1\n", "2\n")] * 100, Limits())
_TICK = os.sysconf("SC_CLK_TCK")


def floor(jobs: Sequence[OracleJob]) -> int:
    """How many tests pass if the programs run in one child of this process, without isolation."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(_in_process(jobs)).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as answer:
        passed = int(answer.read() or -1)
    os.waitpid(child, 0)
    return passed


def _in_process(jobs: Sequence[OracleJob]) -> int:
    passed = 0
    sys.setrecursionlimit(10**6)
    with redirect_stderr(io.StringIO()):
        for job in jobs:
            code = compile(job.program, "program.py", "exec", dont_inherit=True)
            for test in job.tests:
                sys.stdin = io.TextIOWrapper(io.BytesIO(test.input.encode()))
                sys.stdout = io.TextIOWrapper(io.BytesIO())
                try:
                    exec(code, {"__name__": "__main__"})
                except SystemExit:
                    pass
                sys.stdout.flush()
                passed += job.checker.matches(sys.stdout.buffer.getvalue().decode(), test.output)  # type: ignore[union-attr]
    return passed


def plain(jobs: Sequence[OracleJob]) -> int:
    """As `floor`, with a process per test, two at a time."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(2) as threads:
        work = []
        for number, job in enumerate(jobs):
            path = Path(folder) / f"{number}.py"
            path.write_bytes(source_bytes(job.program))
            work += [(path, job, test) for test in job.tests]

        def one(item: tuple[Path, OracleJob, TestCase]) -> bool:
            path, job, test = item
            return (
                verdict_of(run_program(path, test.input, job.limits), test.output, job.limits, job.checker)
                is Verdict.AC
            )

        return sum(threads.map(one, work))


def through(pool: Pool) -> Callable[[Sequence[OracleJob]], int]:
    """As `floor`, through the judge, with as many calling threads as the pool has workers."""

    def run(jobs: Sequence[OracleJob]) -> int:
        with ThreadPoolExecutor(pool.workers) as threads:
            return sum(
                threads.map(
                    lambda job: judge(job.program, job.tests, job.limits, checker=job.checker, pool=pool).passed, jobs
                )
            )

    return run


def cpu_of(pids: set[int]) -> float:
    """CPU seconds so far of this process, of `pids`, its living descendants, and of the children they waited for."""
    total = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15])) / _TICK
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


def measure(run: Callable[[Sequence[OracleJob]], int], jobs: Sequence[OracleJob]) -> tuple[float, float]:
    """Seconds of wall clock and of CPU that `run` takes.

    Raises:
        RuntimeError: a test fails, so the measurement is invalid.
    """
    time.sleep(0.2)
    processes = descendants()
    cpu, wall = cpu_of(processes), time.perf_counter()
    passed = run(jobs)
    wall = time.perf_counter() - wall
    while descendants() != processes:  # only processes that have been waited for are counted
        time.sleep(0.02)
    cpu = cpu_of(processes) - cpu
    expected = sum(len(job.tests) for job in jobs)
    if passed != expected:
        raise RuntimeError(f"{passed} of {expected} tests passed")
    return wall, cpu


def compare(
    title: str, jobs: Sequence[OracleJob], ways: dict[str, Callable[[Sequence[OracleJob]], int]], rounds: int
) -> None:
    """Print a table of all ways on the same programs."""
    tests = sum(len(job.tests) for job in jobs)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            taken[name].append(measure(run, jobs))
    print(f"\n{title}: {len(jobs)} programs, {tests} tests, median of {rounds} rounds")
    print(
        f"{'':10} {'tests/s':>9} {'CPU ms/test':>12} {'CPU over floor':>15} {'CPU/floor':>10} {'tests/s / plain':>16}"
    )
    walls = {name: statistics.median(wall for wall, _ in taken[name]) for name in ways}
    cpus = {name: statistics.median(cpu for _, cpu in taken[name]) * 1000 / tests for name in ways}
    for name in ways:
        print(
            f"{name:10} {tests / walls[name]:9.0f} {cpus[name]:12.2f} {cpus[name] - cpus['floor']:15.2f} "
            f"{cpus[name] / cpus['floor']:10.2f} {walls['plain'] / walls[name]:16.2f}"
        )


def real_programs(tests: int, programs: int) -> list[OracleJob]:
    """Right programs of the shared data, evenly spaced, that can run without isolation: no exits of threads, no
    leftovers."""
    good = [job for job in shared_jobs() if job.correct and "thread" not in job.program and "fstat" not in job.program]
    good = good[:: max(1, len(good) // programs)][:programs]
    for job in good:
        job.tests = job.tests[:: max(1, len(job.tests) // tests)][:tests]
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=30, help="of each program")
    parser.add_argument("--programs", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    trivial = OracleJob(TRIVIAL.name, TRIVIAL.program, TRIVIAL.tests, TRIVIAL.limits)
    with Pool(1) as one, Pool(2) as two:
        print("protection:", one.isolation(), "|", two.isolation())
        ways = {"floor": floor, "plain": plain, "judge 1": through(one), "judge 2": through(two)}
        ways["judge 2"]([trivial] * 4)
        compare("trivial", [trivial] * 4, ways, options.rounds)
        compare("real programs", real_programs(options.tests, options.programs), ways, options.rounds)


if __name__ == "__main__":
    main()
