"""The CPU time per test of this checkout's judge compared with another checkout's, in pairs.

    python -m benchmarks.judge.against CHECKOUT [--rounds N] [--tests N] [--programs N]

Both judges run all the time, with one worker each, and alternate on the same programs, so that other load on the
machine affects both equally. The output is the mean ratio of the pairs (this checkout over the other) with its 95 %
interval, for trivial and for real programs.
"""

from __future__ import annotations

import argparse
import math
import statistics
import subprocess
import sys
from pathlib import Path

_SERVER = """
import sys
from benchmarks.judge.throughput import TRIVIAL, measure, real_programs, through
from judge.sandbox.pool import Pool
jobs = {{"trivial": [TRIVIAL] * 4, "real": real_programs({tests}, {programs})}}
with Pool(1) as pool:
    print(pool.isolation(), flush=True)
    for line in sys.stdin:
        work = jobs[line.strip()]
        print(measure(through(pool), work)[1] * 1000 / sum(len(job.tests) for job in work), flush=True)
"""
_SURE = 1.96


class OtherJudge:
    """A running judge of the checkout `folder`."""

    def __init__(self, folder: Path, tests: int, programs: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVER.format(tests=tests, programs=programs)],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.isolation = self._line()

    def cpu(self, work: str) -> float:
        """CPU milliseconds per test of `work`."""
        assert self._process.stdin is not None
        self._process.stdin.write(work + "\n")
        self._process.stdin.flush()
        return float(self._line())

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="the other checkout, such as a worktree of an earlier commit")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--tests", type=int, default=30, help="of each real program")
    parser.add_argument("--programs", type=int, default=40)
    options = parser.parse_args()
    folders = {"this": Path.cwd(), "other": options.checkout}
    judges = {name: OtherJudge(folder, options.tests, options.programs) for name, folder in folders.items()}
    try:
        print("; ".join(f"{name}: {judge.isolation}" for name, judge in judges.items()))
        for work in ("trivial", "real"):
            pairs: list[dict[str, float]] = []
            for number in range(options.rounds + 1):
                order = sorted(judges, reverse=number % 2 == 0)
                pairs.append({name: judges[name].cpu(work) for name in order})
            pairs = pairs[1:]  # the first one warms up
            logs = [math.log(pair["this"] / pair["other"]) for pair in pairs]
            mean, error = statistics.mean(logs), statistics.stdev(logs) / math.sqrt(len(logs))
            low, high = (math.exp(mean + sign * _SURE * error) for sign in (-1, 1))
            each = ", ".join(f"{name} {statistics.median(pair[name] for pair in pairs):.2f} ms" for name in judges)
            print(f"{work:8} {each}; ratio {math.exp(mean):.3f} ({low:.3f} to {high:.3f})", flush=True)
    finally:
        for judge in judges.values():
            judge.end()


if __name__ == "__main__":
    main()
