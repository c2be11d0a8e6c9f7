"""Savings by stopping at the first failure and by the verdict cache, on the wrong programs of the shared data.

    python -m benchmarks.judge.early_stop [--programs N] [--tests N] [--seconds S]

Every wrong program is judged in full; then up to its first failure, in the given order, and with those tests first that
earlier programs for the problem failed; then twice with a cache. The output is the number of tests run and the CPU
seconds of the programs, which do not depend on other load. For the cache it is the time of one repeated call.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.judge.oracle import OracleJob, shared_jobs
from judge.cache import VerdictCache
from judge.judge import judge
from judge.sandbox.pool import Pool
from judge.verdict import Report


def cost(reports: Sequence[Report]) -> str:
    results = [result for report in reports for result in report.results]
    return f"{len(results):7} tests, {sum(result.cpu_seconds for result in results):8.1f} s CPU"


def wrong_programs(programs: int | None, tests: int | None, seconds: float) -> list[OracleJob]:
    """Wrong programs of the shared data, evenly spaced, on their first tests, with limits reduced to `seconds`."""
    jobs = [job for job in shared_jobs() if job.correct is False]
    jobs = jobs[:: max(1, len(jobs) // programs)][:programs] if programs else jobs
    return [
        replace(job, tests=job.tests[:tests], limits=replace(job.limits, seconds=min(job.limits.seconds, seconds)))
        for job in jobs
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, help="only this many, evenly spaced")
    parser.add_argument("--tests", type=int, help="only this many tests of each")
    parser.add_argument("--seconds", type=float, default=2.0, help="reduce time limits to this (default: %(default)s)")
    options = parser.parse_args()
    jobs = wrong_programs(options.programs, options.tests, options.seconds)
    cache = VerdictCache()
    with Pool(1) as pool:

        def judged(job: OracleJob, **how) -> Report:
            return judge(job.program, job.tests, job.limits, checker=job.checker, pool=pool, **how)

        print(f"{len(jobs)} wrong programs, {sum(len(job.tests) for job in jobs)} tests")
        print("full report           ", cost([judged(job) for job in jobs]))
        print("first failure, given  ", cost([judged(job, stop_at_failure=True, in_order=True) for job in jobs]))
        print("first failure, history", cost([judged(job, stop_at_failure=True, cache=cache) for job in jobs]))
        begin = time.process_time()
        for job in jobs:
            judged(job, stop_at_failure=True, cache=cache)
        taken = (time.process_time() - begin) * 1000 / len(jobs)
    print(f"from the cache         {cache.hits:7} of {len(jobs)} programs, {taken:.2f} ms CPU each, to hash the tests")


if __name__ == "__main__":
    main()
