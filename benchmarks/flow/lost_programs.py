"""How many right programs a flow loses to wrong AI tests: `python -m benchmarks.flow.lost_programs [--rollouts 1000]`.

A simulated strong model writes a right program at a given rate, claims wrong outputs for half of its tests, and follows
failing tests. A right program is lost if it was the best one of a rollout at some time, and a wrong one was submitted.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path

from eval.data.load import load_problems
from eval.rollouts.executor import Arm, Threads
from eval.rollouts.loop import run_loop
from eval.rollouts.run_folder import RunFolder
from eval.simulated.lm import simulated_lm
from eval.simulated.skills import Skills
from eval.tables.markdown import table
from program import artifact

STRONG = Skills(
    code_right=0.7,
    fix_repairs=0.7,
    ai_test_valid=0.5,
    derivation_right=0.7,
    fix_obeys=1.0,
    ranking_right=0.9,
    explanation_right=0.9,
    format_broken=0.0,
)
REPEATS = (0.0, 0.3)


def measure(program: Path, rollouts: int, repeats: float) -> list[str]:
    """One row: the rollouts of a program with a model in which this share of wrong derivations repeats a wrong
    claim."""
    problems = load_problems("pack", "test")
    lm = simulated_lm(problems, STRONG.model_copy(update={"derivation_repeats": repeats}))
    samples = math.ceil(rollouts / len(problems.problems))
    arm = Arm(program.name, artifact.load(program)[0])
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder), {"samples": samples})
        done = list(run_loop(run, [arm], problems, Threads(lm), samples=samples, concurrency=16, label=program.name))
    solved = sum(each.status == "solved" for each in done)
    had_right = sum(any(point.solved for point in each.checkpoints) for each in done)
    calls = sum(each.totals.calls for each in done)
    return [f"{repeats:.1f}", str(len(done)), str(had_right), str(had_right - solved), f"{calls / solved:.2f}"]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.flow.lost_programs", description="Count lost right programs."
    )
    parser.add_argument("--rollouts", type=int, default=1000, help="at least (default: %(default)s)")
    parser.add_argument("--artifact", type=Path, default=Path("artifacts/handwritten"), help="(default: %(default)s)")
    options = parser.parse_args()
    rows = [measure(options.artifact, options.rollouts, repeats) for repeats in REPEATS]
    head = ["errors repeated", "rollouts", "had a right program", "of these lost", "calls per solved problem"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
