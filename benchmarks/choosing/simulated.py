"""Which way of choosing is best if the errors of programs are known?

    python -m benchmarks.choosing.simulated [--problems 2000] [--programs 10] [--inputs 8]

Matrices of behaviours are drawn from a model with known skills; all its programs pass the public tests. Only problems
with right and wrong programs count, because only there a choice matters.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from benchmarks.choosing.cases import FIRST, RANDOM, Case
from benchmarks.choosing.selectors import SELECTORS, chosen
from eval.numbers.intervals import mean_share
from eval.options import whole
from eval.tables.markdown import percent, table
from program.bench.behaviours import CRASHED, group_sizes
from program.cli.command import run_command

READINGS = 3  # possible behaviours on an input that the statement does not allow; the fourth is a crash


@dataclass(frozen=True)
class Skill:
    """The errors of a model's programs.

    right: chance that a program is right.
    shared: chance that a wrong program has the common error of the problem, and not an individual one.
    shows: share of the inputs on which an error shows.
    invalid: share of the inputs that the statement does not allow; there right programs differ too.
    """

    right: float = 0.5
    shared: float = 0.0
    shows: float = 0.5
    invalid: float = 0.0


SKILLS = {
    "errors of their own, half right": Skill(),
    "errors of their own, a fifth right": Skill(right=0.2),
    "errors that show on a tenth of the inputs": Skill(right=0.2, shows=0.1),
    "half of the inputs invalid": Skill(right=0.2, invalid=0.5),
    "half of the errors shared, a third right": Skill(right=1 / 3, shared=0.5),
    "half of the errors shared and of the inputs invalid": Skill(right=1 / 3, shared=0.5, invalid=0.5),
    "most errors shared, half right": Skill(shared=0.8),
    "most errors shared, a fifth right": Skill(right=0.2, shared=0.8),
}


def drawn(skill: Skill, programs: int, inputs: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Which programs are right, and the matrix of their behaviours; see `program.bench.behaviours`."""
    right = random.random(programs) < skill.right
    shared = random.random(programs) < skill.shared
    error = np.where(right, 0, np.where(shared, 1, 2 + np.arange(programs)))  # 0 is none
    shows = random.random((programs + 2, inputs)) < skill.shows
    shows[0] = False
    made = np.where(shows[error], error[:, None], 0)
    invalid = random.random(inputs) < skill.invalid
    reading = random.integers(0, READINGS + 1, size=(programs, inputs))
    odd = np.where(reading == READINGS, CRASHED, programs + 2 + reading)
    return right, np.where(invalid, odd, made)


def contested(skill: Skill, options: argparse.Namespace) -> list[Case]:
    """The number of problems in the options, each with right and wrong programs."""
    random = np.random.default_rng(options.seed)
    cases: list[Case] = []
    while len(cases) < options.problems:
        right, matrix = drawn(skill, options.programs, options.inputs, random)
        case = Case(str(len(cases)), right, {"inputs": matrix}, bool(right[chosen(group_sizes(matrix))]))
        cases += [case] * case.contested
    return cases


def report(options: argparse.Namespace) -> str:
    """A Markdown table: for each way of choosing, the share of problems for which it takes a right program."""
    rows = []
    for name, skill in SKILLS.items():
        solved = [case.solved() for case in contested(skill, options)]
        ways = [way for way in solved[0] if way in (FIRST, RANDOM) or way.endswith(", inputs")]
        rows.append([name, *(percent(mean_share([each[way] for each in solved])) for way in ways)])
    return table(["model", FIRST, RANDOM, *SELECTORS], rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.choosing.simulated", description="Ways to choose among programs of known errors."
    )
    parser.add_argument("--problems", type=whole(), default=2000, help="for each model (default: %(default)s)")
    parser.add_argument("--programs", type=whole(least=2, most=100), default=10, help="(default: %(default)s)")
    parser.add_argument("--inputs", type=whole(most=100), default=8, help="(default: %(default)s)")
    parser.add_argument("--seed", type=whole(least=0), default=0)
    run_command(parser, lambda options: print(report(options)))


if __name__ == "__main__":
    main()
