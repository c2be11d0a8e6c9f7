"""The arms of stored runs, read for a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from eval.data.problem_set import ProblemSet, read_exclusions
from eval.data.rules import Rules, rules_of
from eval.errors import RunError
from eval.rollouts.code_version import changed_files
from eval.rollouts.rollout import ArmName, Rollout
from eval.rollouts.run_folder import CODE, read_config, read_rollouts
from program.cli.output import counted
from program.errors import did_you_mean, first_error

LEFT_OUT = "left_out"  # key of the loaded configuration: the exclusion file that was applied on loading


class RescoredFrom(BaseModel, extra="allow"):
    """The used part of what `eval.rescore` records about the original run."""

    exclude: str | None = None


class RunConfig(BaseModel, extra="allow"):
    """The required content of an evaluation's `config.json`. Names of arms are names of folders."""

    artifacts: dict[ArmName, str]
    data: str
    split: str
    data_fingerprint: str
    problems: list[str]
    lm: str
    samples: int = Field(ge=1, le=10**6)
    exclude: str | None = None
    rescored: RescoredFrom = RescoredFrom()


@dataclass(frozen=True)
class StoredArm:
    """One arm of a stored run.

    label: unique among the arms of all runs.
    run, config: the folder and its configuration.
    name: in that run.
    """

    label: str
    run: Path
    config: dict[str, Any]
    name: str
    rollouts: list[Rollout]

    @property
    def missing(self) -> int:
        """How many rollouts the run still lacks; 0 for another system, which may have any number of samples."""
        expected = 0 if "imported" in self.config else len(self.config["problems"]) * self.config["samples"]
        return max(0, expected - len(self.rollouts))

    @property
    def cut_short(self) -> int:
        """How many rollouts were cut short by the run's budget."""
        return sum(each.is_cut_short for each in self.rollouts)


def run_config(run: Path) -> dict[str, Any]:
    """The configuration of a stored evaluation.

    Raises:
        RunError: `run` is not a run, or has another kind, such as the training rollouts of a compilation.
    """
    config = read_config(run)
    missing = [key for key, field in RunConfig.model_fields.items() if field.is_required() and key not in config]
    if missing:
        raise RunError(f"{run} is not a run of eval.run: its config.json has no {missing[0]!r}")
    refuse_unreadable(config, f"{run} is not a run of eval.run: config.json")
    rules_of(config)
    return config


def refuse_unreadable(config: dict[str, Any], where: str) -> None:
    """Refuse the configuration of a run if later commands could not read it.

    Args:
        config: the configuration.
        where: the beginning of the error message.

    Raises:
        RunError: a key is missing, or a value is not allowed.
    """
    try:
        RunConfig.model_validate(config, strict=True)
    except ValidationError as fault:
        raise RunError(f"{where}: {first_error(fault, RunConfig)}") from fault


def read_run(run: Path, exclude: str | None = None) -> tuple[dict[str, Any], list[Rollout]]:
    """The configuration and the rollouts of a stored evaluation, in order of completion.

    Args:
        run: the folder.
        exclude: a file as written by `eval.audit`; its problems are removed from the run.

    Raises:
        RunError: `run` is not a run, or no problem is left.
        DataError: there is no such exclusion file.
    """
    config, rollouts = run_config(run), read_rollouts(run)
    problems = set(config["problems"])
    for each in rollouts:
        if each.problem not in problems or each.arm not in config["artifacts"]:
            raise RunError(f"{run} is damaged: config.json does not have the rollout of {each.arm} on {each.problem}")
    if exclude is None:
        return config, rollouts
    out = read_exclusions(exclude)
    left = [name for name in config["problems"] if name not in out]
    if not left:
        raise RunError(f"{run}: no problem is left without those of {exclude}")
    return {**config, "problems": left, LEFT_OUT: exclude}, [each for each in rollouts if each.problem not in out]


def stored_arms(runs: Sequence[Path], arms: Sequence[str] | None = None, exclude: str | None = None) -> list[StoredArm]:
    """The arms of several runs over the same data, in the requested order.

    Args:
        runs: their folders.
        arms: names; all of them when None.
        exclude: see `read_run`.

    Raises:
        RunError: no such run or arm, the same run twice, runs over different data, or no problem left in a run.
        DataError: there is no such exclusion file.
    """
    read = {run: read_run(run, exclude) for run in runs}
    configs = {run: config for run, (config, _) in read.items()}
    if len({run.resolve() for run in runs}) < len(runs):
        raise RunError("the same run is named twice")
    if len({_data_of(config) for config in configs.values()}) > 1:
        listed = "; ".join(f"{run}: {' '.join(_data_of(config))}" for run, config in configs.items())
        raise RunError(f"these runs are over different data: {listed}")
    of_runs = (arms_of(run, config, rollouts, configs) for run, (config, rollouts) in read.items())
    found = {arm.label: arm for of_run in of_runs for arm in of_run}
    twice = [name for name, count in Counter(arms or ()).items() if count > 1]
    if twice:
        raise RunError(f"the arm {twice[0]} is named twice")
    missing = [name for name in arms or () if name not in found]
    if missing:
        meant = did_you_mean(missing[0], found)
        raise RunError(f"no arm {missing[0]}; there are {', '.join(found) or 'none'}{meant}")
    return [found[name] for name in arms or found]


def arms_of(
    run: Path, config: dict[str, Any], rollouts: Sequence[Rollout], configs: dict[Path, dict[str, Any]] | None = None
) -> list[StoredArm]:
    """The arms of a run that was read.

    Args:
        run, config, rollouts: see `read_run`.
        configs: of all runs whose arms are shown together, by folder.
    """
    return [
        StoredArm(_label(run, name, configs or {}), run, config, name, [each for each in rollouts if each.arm == name])
        for name in config["artifacts"]
    ]


def problem_names(arms: Sequence[StoredArm]) -> list[str]:
    """The problems of these arms' runs, in their order."""
    return list(dict.fromkeys(name for arm in arms for name in arm.config["problems"]))


def differing_rules(arms: Sequence[StoredArm]) -> str:
    """A warning if the runs of these arms were judged by different rules, else empty."""
    by_run = {arm.run: rules_of(arm.config) for arm in arms}
    if len(set(by_run.values())) < 2:
        return ""
    found = "; ".join(f"{run.name}: {rules.described()}" for run, rules in by_run.items())
    return (
        f"NOT THE SAME RULES: these runs were judged differently ({found}), so the judge may cause a difference. "
        "`python -m eval.rescore` judges one again by the other's rules."
    )


def differing_code(arms: Sequence[StoredArm]) -> str:
    """A warning if the rollouts of these arms were made by different code versions, else empty. Old runs and imported
    ones do not know theirs."""
    by_arm = {arm.label: sorted({each.made_by for each in arm.rollouts if each.made_by}) for arm in arms}
    versions = list(dict.fromkeys(version for made in by_arm.values() for version in made))
    if len(versions) < 2:
        return ""
    known = {name: prints for arm in arms for name, prints in (arm.config.get(CODE) or {}).items()}
    listed = "; ".join(f"{label}: {', '.join(made)}" for label, made in by_arm.items() if made)
    one, two = (known.get(version, {}) for version in versions[:2])
    changed = changed_files(one, two) if one and two else "unknown files"
    return f"NOT THE SAME CODE: {listed}; other: {changed}. The code may cause a difference."


def header(arms: Sequence[StoredArm]) -> str:
    """One line per run: what was run, on which data, how it was judged, and how much of it is missing."""
    lines = []
    for run in dict.fromkeys(arm.run for arm in arms):
        mine = [arm for arm in arms if arm.run == run]
        lines.append("; ".join([f"{run}: {_settings(mine[0].config)}", *gaps(mine)]))
    return "\n".join([*lines, *filter(None, [differing_rules(arms)])])


def _settings(config: dict[str, Any]) -> str:
    problems = f"{counted(len(config['problems']), 'problem')} of {data_text(config)}"
    rules = [f"{name} {value}" for name, value in rules_of(config) if value not in (None, getattr(Rules(), name))]
    roles = {"escalate_lm": "later rounds", "repair_lm": "fixes"}
    models = [f"model {config['lm']}", *(f"{said} by {config[key]}" for key, said in roles.items() if config.get(key))]
    limits = (config.get("total") or {}).items()
    total = [f"a total of {limit:,} {name} spread over the problems" for name, limit in limits]
    return ", ".join([*models, problems, f"n = {config['samples']}", *total, *rules])


def data_text(config: dict[str, Any]) -> str:
    """`pack test without those of exclude.json`: the data of a run, and the exclusion files."""
    excluded = [config.get("exclude"), config.get("rescored", {}).get("exclude"), config.get(LEFT_OUT)]
    without = dict.fromkeys(f" without those of {Path(each).name}" for each in excluded if each)
    return "".join([f"{config['data']} {config['split']}", *without])


def gaps(arms: Sequence[StoredArm]) -> list[str]:
    """What is missing of the run of these arms, in words."""
    missing, cut = sum(arm.missing for arm in arms), sum(arm.cut_short for arm in arms)
    said = []
    if missing:
        there = sum(len(arm.rollouts) for arm in arms)
        said.append(f"NOT FINISHED: {missing} of {there + missing} rollouts are missing")
    if cut:
        said.append(f"NOT FINISHED: the budget of the run cut short {counted(cut, 'rollout')}; no rate includes them")
    return said


def _label(run: Path, arm: str, configs: dict[Path, dict[str, Any]]) -> str:
    """The arm's name, with as much of the run's path as makes it unique."""
    others = [other for other, config in configs.items() if other != run and arm in config["artifacts"]]
    if not others:
        return arm
    return f"{run if any(other.name == run.name for other in others) else run.name}/{arm}"


def _data_of(config: dict[str, Any]) -> tuple[str, str, str]:
    return config["data"], config["split"], config["data_fingerprint"]


def problems_of(arm: StoredArm) -> ProblemSet:
    """The problem set of the arm's run.

    Raises:
        RunError: the data have changed since the run.
        DataError: the data cannot be loaded.
    """
    from eval.data.load import load_problems  # most tables need no problem

    problems = load_problems(arm.config["data"], arm.config["split"])
    if problems.fingerprint != arm.config["data_fingerprint"]:
        raise RunError(f"{arm.config['data']} {arm.config['split']} has changed since the run {arm.run}")
    return problems
