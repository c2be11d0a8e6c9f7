"""The smallest detectable difference of two arms, by number of problems: `python -m benchmarks.numbers.detectable`.

Prints a Markdown table: the smallest true difference in problems solved that a comparison of two arms shows (p at most
0.05) with 80 % power, in points. The arms otherwise differ like two prompts of the flow in the stored run `PROMPTS`: on
the same share of the problems, by the same sizes.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from eval.numbers.criteria import outcomes
from eval.numbers.power import least_difference
from eval.rollouts.stored_arms import stored_arms
from eval.tables.markdown import table

PROMPTS = Path("runs/compiled-0.5b")  # the flow with hand-written and with compiled prompts, three samples each
SETS = {
    "the pack's test": 36,
    "MBPP+ test": 135,
    "HumanEval+": 164,
    "CodeContests test": 165,
    "HumanEval+ and MBPP+ test": 299,
}
SAMPLES = (1, 2)


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.numbers.detectable", description=__doc__).parse_args()
    print(table(["problems", *(f"n = {samples}" for samples in SAMPLES)], rows()))


def rows() -> Iterator[list[str]]:
    """One row per dataset: its size, and the difference for each number of samples."""
    moved = [differences_of_prompts(samples) for samples in SAMPLES]
    for name, size in SETS.items():
        yield [f"{size} ({name})", *(_points(least_difference(each, size)) for each in moved)]


def differences_of_prompts(samples: int) -> list[float]:
    """The difference of the two prompts on each problem, for all choices of `samples` samples of each."""
    first, second, *_ = [outcomes(arm.rollouts) for arm in stored_arms([PROMPTS])]
    drawn = [[itertools.combinations(arm[name], samples) for arm in (first, second)] for name in first]
    return [float(np.mean(b) - np.mean(a)) for each in drawn for a, b in itertools.product(*each)]


def _points(difference: float | None) -> str:
    return "–" if difference is None else f"{100 * difference:.1f} points"


if __name__ == "__main__":
    main()
