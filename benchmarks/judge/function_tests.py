"""Does a test of a function cost as much as a test of a program with the same work?

    python -m benchmarks.judge.function_tests [--tests N] [--rounds N]

Each piece of work is written as a program that reads and prints and as a function that is called. Both are judged in
turns, so that other load affects them equally. The output is CPU milliseconds per test, medians of the rounds, and the
median of the rounds' ratios with its smallest and largest value.
"""

from __future__ import annotations

import argparse
import statistics

from benchmarks.judge.oracle import OracleJob
from benchmarks.judge.throughput import measure, through
from eval.tables.markdown import table
from judge.checker import Checker
from judge.sandbox.pool import Pool
from judge.verdict import Limits, TestCase

PRIMES = "sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, {}))"
NUMBERS = [(7919 * n) % 1009 for n in range(1000)]
WORK = {  # program, function f, and a test of each
    "add one": ("print(int(input()) + 1)", "def f(n):\n    return n + 1", ("1\n", "2\n"), ("1", "2")),
    "sort 1,000 numbers": (
        "print(*sorted(map(int, input().split())))",
        "def f(numbers):\n    return sorted(numbers)",
        (" ".join(map(str, NUMBERS)) + "\n", " ".join(map(str, sorted(NUMBERS))) + "\n"),
        (str(NUMBERS), str(sorted(NUMBERS))),
    ),
    "count primes": (
        f"print({PRIMES.format('int(input())')})",
        f"def f(n):\n    return {PRIMES.format('n')}",
        ("5000\n", "669\n"),
        ("5000", "669"),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=200, help="of each form in each round")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    rows = []
    with Pool(1) as pool:
        run = through(pool)
        for name, (program, function, test, call) in WORK.items():
            jobs = [
                OracleJob(name, program, [TestCase(*test)] * options.tests, Limits()),
                OracleJob(name, function, [TestCase(*call)] * options.tests, Limits(), Checker(entry_point="f")),
            ]
            for job in jobs:
                run([job])
            taken = [[measure(run, [job])[1] * 1000 / options.tests for job in jobs] for _ in range(options.rounds)]
            ratios = [other / one for one, other in taken]
            each = [f"{statistics.median(column):.2f}" for column in zip(*taken, strict=True)]
            rows.append([name, *each, f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"])
    print(table(["work", "program, CPU ms/test", "function, CPU ms/test", "ratio (smallest, largest)"], rows))


if __name__ == "__main__":
    main()
