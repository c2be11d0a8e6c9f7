"""The arms of stored runs, read for a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.data import ProblemSet, load_problems
from eval.rollout import Rollout
from eval.rules import Rules
from eval.run_folder import RunError, read_config, read_rollouts
from program.account import RUN_BUDGET


@dataclass(frozen=True)
class StoredArm:
    """One arm of a stored run, under the name that tells it from those of other runs."""

    label: str
    run: Path
    name: str
    rollouts: list[Rollout]


def stored_arms(runs: Sequence[Path], arms: Sequence[str] | None = None) -> list[StoredArm]:
    """The arms of several runs over the same data, in the order asked for.

    Raises:
        RunError: no such run or arm, or runs over other data.
    """
    data = {_data_of(run) for run in runs}
    if len(data) > 1:
        raise RunError(
            "these runs are over different data or judged by different rules: "
            + "; ".join(" ".join(each) for each in sorted(data))
        )
    found: dict[str, StoredArm] = {}
    for run in runs:
        rollouts = read_rollouts(run)
        for name in read_config(run)["artifacts"]:
            label = _label(run, name, runs)
            found[label] = StoredArm(label, run, name, [each for each in rollouts if each.arm == name])
    missing = [name for name in arms or () if name not in found]
    if missing:
        raise RunError(f"no arm {missing[0]}; there are {', '.join(found) or 'none'}")
    return [found[name] for name in arms or found]


def _label(run: Path, arm: str, runs: Sequence[Path]) -> str:
    """The arm's name, with as much of the run's path as tells it from the arms of other runs."""
    others = [other for other in runs if other != run and arm in read_config(other)["artifacts"]]
    if not others:
        return arm
    return f"{run if any(other.name == run.name for other in others) else run.name}/{arm}"


def header(run: Path, arms: Sequence[StoredArm]) -> str:
    """What was run, on what, how it was judged, and how much of it is not there."""
    config, mine = read_config(run), [arm for arm in arms if arm.run == run]
    said = [f"{run}: model {config['lm']}", f"{len(config['problems'])} problems of {config['data']} {config['split']}"]
    excluded = [config.get("exclude"), config.get("rescored", {}).get("exclude")]
    said[-1] += "".join(f" without those of {Path(each).name}" for each in excluded if each)
    said.append(f"n = {config['samples']}")
    rules = rules_of(config)
    said += [f"{name} {value}" for name, value in rules if value != getattr(Rules(), name)]
    return "; ".join([", ".join(said), *_gaps(config, [each for arm in mine for each in arm.rollouts], len(mine))])


def rules_of(config: dict[str, Any]) -> Rules:
    """The rules a run was judged by; runs from before they were recorded have the default ones."""
    return Rules(**{name: config[name] for name in Rules.model_fields if name in config})


def _gaps(config: dict[str, Any], rollouts: Sequence[Rollout], arms: int) -> list[str]:
    said = []
    wanted = len(config["problems"]) * config["samples"] * arms
    if len(rollouts) < wanted and "imported" not in config:  # other systems have as many samples as they have
        said.append(f"NOT FINISHED: {wanted - len(rollouts)} of {wanted} rollouts are missing")
    cut = sum(any(mark.startswith(RUN_BUDGET) for mark in each.account.marks) for each in rollouts)
    if cut:
        said.append(f"NOT FINISHED: {cut} rollouts were cut short by the budget of the run")
    return said


def _data_of(run: Path) -> tuple[str, ...]:
    config = read_config(run)
    if "artifacts" not in config:
        raise RunError(f"{run} is not a run of eval.run")
    rules = (f"{name} {value}" for name, value in rules_of(config))
    return config["data"], config["split"], config["data_fingerprint"], *rules


def problems_of(run: Path) -> ProblemSet:
    """The problem set a run was made on.

    Raises:
        RunError: what is there now is not what the run was made on.
        DataError: nothing is there.
    """
    config = read_config(run)
    problems = load_problems(config["data"], config["split"])
    if problems.fingerprint != config["data_fingerprint"]:
        raise RunError(f"{config['data']} {config['split']} is no longer what {run} was made on")
    return problems
