"""The arms of stored runs, read for a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.data import ProblemSet, load_problems
from eval.rollout import Rollout
from eval.run_folder import RunError, read_config, read_rollouts


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
            "these runs are over different data: " + "; ".join(" ".join(map(str, each)) for each in sorted(data))
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
    """What was run, on what, and how much of it is not there yet."""
    config, mine = read_config(run), [arm for arm in arms if arm.run == run]
    left_out = f" without those of {config['exclude']}" if config.get("exclude") else ""
    what = f"{len(config['problems'])} problems of {config['data']} {config['split']}{left_out}"
    wanted = len(config["problems"]) * config["samples"] * len(mine)
    missing = wanted - sum(len(arm.rollouts) for arm in mine)
    unfinished = f"; NOT FINISHED: {missing} of {wanted} rollouts are missing" if missing > 0 else ""
    return f"{run}: model {config['lm']}, {what}, n = {config['samples']}{unfinished}"


def _data_of(run: Path) -> tuple[str, str, str]:
    config = read_config(run)
    if "artifacts" not in config:
        raise RunError(f"{run} is not a run of eval.run")
    return config["data"], config["split"], config["data_fingerprint"]


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
