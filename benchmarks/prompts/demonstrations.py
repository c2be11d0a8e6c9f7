"""Are compiled demonstrations right? `python -m benchmarks.prompts.demonstrations ARTIFACT… [--split valid]`

Demonstrations are judged independently of the optimizer: programs by all tests of their problem, AI tests by a known
right program. Words (reflections, explanations, plans) are only counted.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from benchmarks.prompts.credit_rates import typed
from eval.data.load import load_problems
from eval.data.problem_set import DataError, ProblemSet
from eval.rollouts.score import score
from eval.simulated.truth import Truth
from eval.tables.markdown import NONE, table
from optimize.job.stages import stages_of
from program import artifact
from program.cli.command import run_command
from signatures.answer_fields import PROGRAM_FIELD, TESTS_FIELD


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prompts.demonstrations", description="Judge demonstrations."
    )
    parser.add_argument("artifacts", nargs="+", type=Path)
    parser.add_argument("--data", default="pack")
    parser.add_argument("--split", default="valid", help="the split of the compilation (default: %(default)s)")
    run_command(parser, lambda options: print(judged(options.artifacts, load_problems(options.data, options.split))))


def judged(folders: list[Path], problems: ProblemSet) -> str:
    """A Markdown table: by stage, the demonstrations of each artifact that are right."""
    truth = Truth([problems])
    counts: dict[str, dict[Path, Counter[bool | None]]] = defaultdict(lambda: defaultdict(Counter))
    for folder in folders:
        program, _ = artifact.load(folder)
        stages = {name: stage.name for name, stage in stages_of(program)}
        for predictor, each in program.named_predictors():
            stage = stages[predictor]
            for demo in each.demos:
                name = problems.shown_in(demo["problem"])
                if name is None:
                    raise DataError(f"{folder}: {predictor} has a demonstration of a problem that is not in the data")
                counts[stage][folder][_is_right(stage, name, typed(stage, demo), problems, truth)] += 1
    rows = [[stage, *(_said(of[folder]) for folder in folders)] for stage, of in counts.items()]
    return table(["stage", *(folder.name for folder in folders)], rows)


def _is_right(stage: str, name: str, fields: dict[str, Any], problems: ProblemSet, truth: Truth) -> bool | None:
    if stage in TESTS_FIELD:
        return truth.is_right(stage, name, fields)
    if stage not in PROGRAM_FIELD:
        return None
    return score(fields[PROGRAM_FIELD[stage]], problems.problem(name), problems).solved


def _said(count: Counter[bool | None]) -> str:
    if not count:
        return NONE
    if count[None]:
        return f"{count[None]}, not judged"
    return f"{count[True]} / {count.total()}"


if __name__ == "__main__":
    main()
