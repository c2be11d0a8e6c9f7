"""What a report is about: the arms of some runs over the same data, and the statements of their problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.data.load import load_problems
from eval.data.problem_set import DataError, ProblemSet
from eval.rollouts.stored_arms import StoredArm, read_run, run_config, stored_arms
from program.problem import Problem


@dataclass(frozen=True)
class Runs:
    """Some runs over the same data.

    arms: each with its run and the configuration of that.
    problems: names, in the order of the runs.
    """

    paths: Sequence[Path]
    arms: list[StoredArm]
    problems: list[str]


def read_runs(paths: Sequence[Path], exclude: str | None = None) -> Runs:
    """Read stored runs, without the problems that the file `exclude` names.

    Raises:
        RunError: no such run, the same one twice, or runs over different data.
        DataError: there is no such file of exclusions.
    """
    problems = dict.fromkeys(name for path in paths for name in read_run(path, exclude)[0]["problems"])
    return Runs(paths, stored_arms(paths, exclude=exclude), list(problems))


def statements_of(runs: Runs, problems: ProblemSet | None) -> tuple[dict[str, Problem], str]:
    """The problems by name as programs saw them, and why there are none, if there are none.

    A report can be made where the data no longer is; the prompts have the statements too.

    Args:
        runs: what the report is about.
        problems: the data of the runs, where it is loaded already.
    """
    config = run_config(runs.paths[0])
    try:
        problems = problems or load_problems(config["data"], config["split"])
    except DataError as fault:
        return {}, f"The statements are only in the prompts: {fault}."
    if problems.fingerprint != config["data_fingerprint"]:
        return {}, f"The statements are only in the prompts: {config['data']} has changed since the run."
    return {problem.name: problem for problem in problems.problems}, ""
