"""Run every known program through the judge and through a plain process per test, and report any difference.

    python -m benchmarks.judge.oracle [--programs N] [--tests N] [--seconds S] [--workers N] [--journal FILE]

The output ends with a list of the differences in verdict, output or exit status; the exit status is 1 if there are any.
If one run was stopped for CPU time and the other ended within 20 % of the limit, this is too close and not counted. The
same holds for a program that exceeds both limits, because the judge checks memory while it grows, and the plain process
only at the end. A program that was stopped on three tests gets 0.3 s for each further test. The same command resumes:
programs without a difference are not run again as long as the judge does not change.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from tqdm import tqdm

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.rollouts.json_lines import JsonLines, key_of
from judge.checker import STRICT, Checker
from judge.judge import verdict_of
from judge.order import fingerprint_of
from judge.sandbox.pool import Pool
from judge.sandbox.process import PlainRun, run_program
from judge.sandbox.session import Session, source_bytes
from judge.verdict import Limits, TestCase, Verdict
from program.input_files import MOST_DATA_BYTES, json_lines, read_text

_ROOT = Path(__file__).resolve().parents[2]
SHARED = _ROOT.parent / "shared" / "codecontests"
JOURNAL = _ROOT / ".cache" / "oracle.jsonl"
ODD_PROGRAMS = Path(__file__).with_name("odd_programs.jsonl")
_CLOSE = 0.2
_START = 0.05  # CPU seconds for a plain process to start and compile; the judge does not count them
_PATIENCE = 30.0
_STOPPED, _SHORT = 3, 0.3  # programs that never end would take most of the time


@dataclass
class OracleJob:
    """A program, its tests and its known verdict."""

    name: str
    program: str
    tests: list[TestCase]
    limits: Limits
    checker: Checker = STRICT
    correct: bool | None = None


def shared_jobs() -> Iterator[OracleJob]:
    """The human and the model-written programs of the shared data, on all tests of their problems.

    Raises:
        SystemExit: the data does not exist.
    """
    if not SHARED.is_dir():
        sys.exit(f"the shared data is not there: {SHARED}")
    problems = load_problems(str(SHARED), "test")
    for kind in ("human", "model"):
        path = SHARED / f"{kind}_solutions.jsonl"
        for number, (_, line) in enumerate(json_lines(read_text(path, MOST_DATA_BYTES), path)):
            yield _job(f"{kind} {number}", line["name"], line["solution"], problems, line.get("correct"))


def pack_jobs() -> Iterator[OracleJob]:
    """The right and the wrong programs of the bundled pack."""
    for split in ("valid", "test"):
        problems = load_problems("pack", split)
        for problem in problems.problems:
            known = problems.known(problem.name)
            for correct, programs in ((True, known.right), (False, known.wrong)):
                for number, program in enumerate(programs):
                    yield _job(f"pack {correct} {number}", problem.name, program, problems, correct)


def _job(kind: str, name: str, program: str, problems: ProblemSet, correct: bool | None) -> OracleJob:
    problem = problems.problem(name)
    tests = [*problem.tests(), *problems.hidden(name).all()]
    return OracleJob(f"{kind}: {name}", program, tests, problem.limits(), problem.checker(), correct)


def odd_jobs() -> Iterator[OracleJob]:
    """Programs that depend on their interpreter: how they end, what they can see, what they need. For those with
    `mended`, the judge was once wrong."""
    for line in ODD_PROGRAMS.read_text().splitlines():
        odd = json.loads(line)
        yield OracleJob(f"odd: {odd['name']}", odd["program"], [TestCase(odd["input"], "")], Limits(seconds=4.0))


def all_jobs() -> Iterator[OracleJob]:
    """All programs to compare: odd ones, the bundled pack's, and the shared ones if they exist."""
    yield from odd_jobs()
    yield from pack_jobs()
    if SHARED.is_dir():
        yield from shared_jobs()
    else:
        print(f"only the bundled pack's programs: the shared data is not there: {SHARED}", file=sys.stderr)


def differences(job: OracleJob, pool: Pool) -> tuple[int, int, list[str]]:
    """Run a program both ways: numbers of tests run and of tests too close to the limit, and the differences."""
    found: list[str] = []
    close = stopped = 0
    limits = job.limits
    with tempfile.TemporaryDirectory() as folder, Session(pool, job.program) as session:
        path = Path(folder) / "program.py"
        path.write_bytes(source_bytes(job.program))
        fault = session.compile(limits)
        for index, test in enumerate(job.tests):
            plain = run_program(path, test.input, limits)
            if fault is not None:
                refused = plain.exit_status != 0 and ("Error" in plain.error or fault.verdict is Verdict.TLE)
                if not refused:
                    found.append(f"{job.name}, test {index}: {fault.text!r}, yet the plain process ran it")
                continue
            ours = session.run(test.input, limits)
            seen = [verdict_of(run, test.output, limits, job.checker) for run in (ours, plain)]
            if seen[0] == seen[1]:
                differ = seen[0] in (Verdict.AC, Verdict.WA, Verdict.RE) and _facts(ours) != _facts(plain)
            else:
                near = Verdict.TLE in seen and any(_nearly_stopped(run, limits) for run in (ours, plain))
                near = near or (seen == [Verdict.MLE, Verdict.TLE] and _large(plain, limits))
                close += near
                differ = not near
            if differ:
                both = f"{_short(seen[0], ours)}, the plain process {_short(seen[1], plain)}"
                found.append(f"{job.name}, test {index}: {both}")
            stopped += {*seen} <= {Verdict.TLE, Verdict.MLE}
            if stopped == _STOPPED:
                limits = replace(limits, seconds=min(limits.seconds, _SHORT))
    return len(job.tests), close, found


def _nearly_stopped(run: PlainRun, limits: Limits) -> bool:
    return not run.timed_out and run.cpu_seconds + _START >= (1 - _CLOSE) * limits.seconds


def _large(run: PlainRun, limits: Limits) -> bool:
    """Whether a plain run used about as much memory as allowed, or its use is unknown."""
    return run.peak_bytes == 0 or run.peak_bytes >= (1 - _CLOSE) * limits.memory_bytes


def _facts(run: PlainRun) -> tuple[str, int]:
    return run.output, run.exit_status


def _short(verdict: Verdict, run: PlainRun) -> str:
    last = run.error.strip().splitlines()[-1:]
    used = f"{run.cpu_seconds:.2f} s {run.peak_bytes >> 20} MiB"
    return f"{verdict} status {run.exit_status} {used} {run.output[:60]!r} {last}"


_pool: Pool | None = None


def _compare(work: tuple[int, OracleJob]) -> tuple[int, tuple[int, int, list[str]]]:
    """Runs in a small worker process, because the kernel counts the parent's size into a child's peak memory."""
    global _pool
    _pool = _pool or Pool(1, sandbox="prefer")
    number, job = work
    return number, differences(job, _pool)


def _key(job: OracleJob) -> str:
    """The key of a job; it depends on the program, tests, limits, interpreter and judge."""
    tests, limits = fingerprint_of(job.tests), [job.limits.seconds, job.limits.memory_bytes, job.checker.name]
    return key_of(_judge_sources(), sys.version, job.name, job.program, tests, limits)


@cache
def _judge_sources() -> str:
    return key_of([path.read_text() for path in sorted((_ROOT / "judge").rglob("*.py"))])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, help="only this many programs, evenly spaced")
    parser.add_argument("--tests", type=int, help="only this many tests of each")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="reduce time limits to this, because endless loops take long"
    )
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    parser.add_argument(
        "--journal", type=Path, default=JOURNAL, help="file of finished programs (default: %(default)s)"
    )
    options = parser.parse_args()
    jobs = list(all_jobs())
    if options.programs:
        jobs = jobs[:: max(1, len(jobs) // options.programs)][: options.programs]
    if options.tests:
        for job in jobs:
            job.tests = job.tests[: options.tests]
    for job in jobs:
        # A plain process is also stopped by the wall clock, even on a busy machine; this must not decide here.
        job.limits = replace(job.limits, seconds=min(job.limits.seconds, options.seconds), wall_factor=_PATIENCE)
    journal = JsonLines(options.journal)
    done = {line["key"]: line["result"] for line in journal.values()}
    keys = [_key(job) for job in jobs]
    results: list[Any] = [done.get(key) for key in keys]
    left = [number for number, result in enumerate(results) if result is None]
    begin = time.monotonic()
    with (
        multiprocessing.get_context("spawn").Pool(options.workers) as workers,
        tqdm(total=len(jobs), initial=len(jobs) - len(left), unit="program", mininterval=2) as bar,
    ):
        for number, result in workers.imap_unordered(_compare, [(number, jobs[number]) for number in left]):
            results[number] = result
            if not result[2]:  # programs with differences are run again
                journal.append({"key": keys[number], "result": result})
            bar.set_postfix(differences=sum(len(lines) for _, _, lines in filter(None, results)), refresh=False)
            bar.update()
    found = [line for _, _, lines in results for line in lines]
    print("\n".join([*found, _summary(results, len(left), time.monotonic() - begin)]))
    return 1 if found or not jobs else 0


def _summary(results: list[tuple[int, int, list[str]]], ran: int, seconds: float) -> str:
    tests, close, wrong = (sum(numbers) for numbers in zip(*((t, c, len(f)) for t, c, f in results), strict=True))
    return (
        f"{len(results)} programs, {tests} tests run both ways ({ran} programs of them now, in {seconds:.0f} s): "
        f"{wrong} differences, {close} too close to a limit to count"
    )


if __name__ == "__main__":
    sys.exit(main())
