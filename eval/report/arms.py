"""What a report is about: the arms of some runs over the same data, each with its stored rollouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.data import DataError, ProblemSet, load_problems
from eval.rollout import Rollout
from eval.run_folder import RunError, read_rollouts
from eval.story import run_config
from program.problem import Problem


@dataclass(frozen=True)
class ReportArm:
    """One program in one run.

    label: its name in the report, with the run's folder where several runs have an arm of this name.
    expected: how many rollouts the run is to have.
    """

    label: str
    run: Path
    lm: str
    rollouts: list[Rollout]
    expected: int


@dataclass(frozen=True)
class Runs:
    """Some runs over the same data.

    problems: names, in the order of the runs.
    """

    configs: dict[Path, dict[str, Any]]
    arms: list[ReportArm]
    problems: list[str]


def read_runs(paths: Sequence[Path]) -> Runs:
    """Read stored runs.

    Raises:
        RunError: no such run, the same one twice, or runs over different data.
    """
    configs = {path: run_config(path) for path in paths}
    if len(configs) < len(paths):
        raise RunError("the same run is named twice")
    if len({_data_of(config) for config in configs.values()}) > 1:
        told = "; ".join(f"{path}: {' '.join(_data_of(config))}" for path, config in configs.items())
        raise RunError(f"these runs are over different data: {told}")
    arms = [arm for path, config in configs.items() for arm in _arms(path, config, configs)]
    problems = list(dict.fromkeys(name for config in configs.values() for name in config["problems"]))
    return Runs(configs, arms, problems)


def load_statements(runs: Runs) -> tuple[dict[str, Problem], str]:
    """The problems by name as programs saw them, and why there are none, if there are none.

    A report can be made where the data no longer is; the prompts have the statements too.
    """
    config = next(iter(runs.configs.values()))
    try:
        problems = load_problems(config["data"], config["split"])
    except DataError as fault:
        return {}, f"The statements are only in the prompts: {fault}."
    return statements_of(runs, problems)


def statements_of(runs: Runs, problems: ProblemSet) -> tuple[dict[str, Problem], str]:
    """As `load_statements`, from loaded problems."""
    config = next(iter(runs.configs.values()))
    if problems.fingerprint != config["data_fingerprint"]:
        return {}, f"The statements are only in the prompts: {config['data']} has changed since the run."
    return {problem.name: problem for problem in problems.problems}, ""


def _arms(path: Path, config: dict[str, Any], configs: dict[Path, dict[str, Any]]) -> list[ReportArm]:
    rollouts = read_rollouts(path)
    expected = len(config["problems"]) * config["samples"]
    arms = []
    for name in config["artifacts"]:
        own = [rollout for rollout in rollouts if rollout.arm == name]
        # Imported programs need not be as many for every problem.
        count = len(own) if "imported" in config else expected
        arms.append(ReportArm(_label(path, name, configs), path, config["lm"], own, count))
    return arms


def _label(path: Path, arm: str, configs: dict[Path, dict[str, Any]]) -> str:
    others = [other for other, config in configs.items() if other != path and arm in config["artifacts"]]
    if not others:
        return arm
    return f"{path if any(other.name == path.name for other in others) else path.name}/{arm}"


def _data_of(config: dict[str, Any]) -> tuple[str, str, str]:
    return config["data"], config["split"], config["data_fingerprint"]
