"""Which true difference two arms can show, by the number of problems: `python -m benchmarks.numbers.detectable`.

Prints a Markdown table: the smallest true difference in problems solved that a comparison of two arms shows (p at most
0.05) in 80 of 100 such runs, in points. The arms differ otherwise as two prompts of the flow do in the stored run
`PROMPTS`: on as large a share of the problems, by as much.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from eval.numbers.criteria import outcomes
from eval.numbers.power import power
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
WANTED = 0.8
STEP = 0.005  # to which a difference is found


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.numbers.detectable", description=__doc__).parse_args()
    print(table(["problems", *(f"n = {samples}" for samples in SAMPLES)], rows()))


def rows() -> Iterator[list[str]]:
    """A row for each set: its size, and the difference for each number of samples."""
    moved = [differences_of_prompts(samples) for samples in SAMPLES]
    for name, size in SETS.items():
        yield [f"{size} ({name})", *(f"{100 * least_difference(each, size):.1f} points" for each in moved)]


def differences_of_prompts(samples: int) -> list[float]:
    """How far apart the two prompts are on each problem, for all choices of so many samples of each."""
    first, second, *_ = [outcomes(arm.rollouts) for arm in stored_arms([PROMPTS])]
    drawn = [[itertools.combinations(arm[name], samples) for arm in (first, second)] for name in first]
    return [float(np.mean(b) - np.mean(a)) for each in drawn for a, b in itertools.product(*each)]


def least_difference(differences: Sequence[float], problems: int) -> float:
    """The smallest true difference, 0 to 1, that so many problems show with the chance `WANTED`.

    Args:
        differences: of two arms like those that are compared; not all are 0.
        problems: of the comparison.
    """
    gains = (step * STEP for step in range(1, round(1 / STEP) + 1))
    return next(gain for gain in gains if (power(differences, problems=problems, gain=gain) or 0.0) >= WANTED)


if __name__ == "__main__":
    main()
