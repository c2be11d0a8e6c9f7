"""The inputs of a compilation, read and checked before any LM call."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from eval.data.load import ProblemSet, load_problems
from eval.errors import RunError
from eval.rollouts.code_version import changed_files, code_prints
from eval.rollouts.config_difference import config_differences
from eval.rollouts.run_folder import RunFolder, has_rollouts, read_config, refuse_foreign
from optimize.config import CompileConfig, ConfigError
from optimize.job.examples import halves
from optimize.job.stages import frozen_stages, idle_stages
from program import artifact
from program.artifact import Manifest
from program.cli.model_options import Models, ServedModel
from program.manifest import read_state
from program.models.prices import price_of
from program.problem import Problem
from program.stage.program import Program


@dataclass(frozen=True)
class Inputs:
    """The program to compile with its manifest, and its problems.

    state: of its predictors by name, including frozen ones.
    learn, choose: problems for learning, and problems for choosing candidates (empty if no choice is made).
    frozen: the stages that are not tuned.
    identity: everything that determines the result, as JSON values.
    """

    program: Program
    state: dict[str, Any]
    manifest: Manifest
    problems: ProblemSet
    learn: list[Problem]
    choose: list[Problem]
    frozen: list[str]
    identity: dict[str, Any]


def read_inputs(config: CompileConfig) -> Inputs:
    """Load and check all inputs in `config`.

    Raises:
        ConfigError, ArtifactError, DataError: an input cannot be used.
    """
    program, manifest = artifact.load(Path(config.start), config.settings, config.adapter)
    problems = config.select(load_problems(config.data, config.split))
    bare = [problem.name for problem in problems.problems if not problems.hidden(problem.name).all()]
    if bare:
        raise ConfigError(f"{config.data} {config.split}: {bare[0]} has no hidden tests, so it cannot be scored")
    if program.config.budget.seconds is not None:
        # Stored answers take no time, so a program with more of them would have a larger budget.
        raise ConfigError("budget.seconds: candidates cannot be compared by time; use --at calls=N or --at tokens=N")
    _refuse_missing_models(config, program)
    learn, choose = _parts(config, problems)
    _refuse_missing_prices(config, program)
    program.lm_settings = {**program.lm_settings, **config.lm_settings}
    frozen = frozen_stages(program, config.only, [*config.freeze, *idle_stages(program, config.lm)])
    identity = {
        **config.identity(),
        "data_fingerprint": problems.fingerprint,
        "problems": [problem.name for problem in problems.problems],
        "start_fingerprint": artifact.fingerprint(program, manifest),
        "versions": {package: version(package) for package in ("dspy", "gepa", "optuna")},
        "code": code_prints("optimize", "eval/numbers", "eval/rejudged"),
    }
    return Inputs(program, program.dump_state(), manifest, problems, learn, choose, frozen, identity)


def _refuse_missing_models(config: CompileConfig, program: Program) -> None:
    """Every model that the program calls must be named, and an address needs a model. A model that the start does not
    use is allowed, because the race may use it.

    Raises:
        ConfigError: a model is missing.
    """
    for role in ("escalate", "repair"):
        if getattr(config, f"{role}_api_base") and not getattr(config, f"{role}_lm"):
            raise ConfigError(f"{role}_api_base: {role}_lm must name the model on this server")
    models = models_of(config)
    models.check_told_apart()
    if config.optimizer == "race":
        models.check_named([program])
    else:
        models.check([program])


def _refuse_missing_prices(config: CompileConfig, program: Program) -> None:
    """A budget in dollars needs the price of every model that it limits.

    Raises:
        ConfigError: a price is unknown.
    """
    limited = {
        "max_usd": (config.budget, [name for name, _ in config.models().values()], "use max_tokens or max_calls"),
        "budget.dollars": (
            program.config.budget,
            [model.name for model in models_of(config).all],
            "it would limit nothing: use --at tokens=N or --at calls=N",
        ),
    }
    for key, (budget, names, advice) in limited.items():
        if budget.dollars is not None and (unpriced := [name for name in names if price_of(name) is None]):
            raise ConfigError(f"{key}: no price is known for {unpriced[0]}; {advice}")


def models_of(config: CompileConfig) -> Models:
    """The models that programs call: the main model, the stronger model and the model for fixes."""
    served = {role: ServedModel(*model) for role, model in config.models().items()}
    return Models(served["lm"], served.get("escalate_lm"), served.get("repair_lm"))


def _parts(config: CompileConfig, problems: ProblemSet) -> tuple[list[Problem], list[Problem]]:
    """Problems for learning and problems for choosing candidates.

    Raises:
        ConfigError: too few problems, or too few runs: gepa begins with one run on every problem for choosing.
    """
    share, runs = config.tuning.choose, config.tuning.metric_calls
    if share is None:
        return list(problems.problems), []
    if len(problems.problems) < 2:
        raise ConfigError(f"{config.optimizer} needs at least two problems: one to learn from, one to choose by")
    learn, choose = halves(problems.problems, share, config.seed)
    if runs is not None and runs <= len(choose):
        raise ConfigError(
            f"metric_calls = {runs} is used up by the start program on the {len(choose)} problems to choose by; allow "
            "more, or choose by fewer problems (choose, limit)"
        )
    return learn, choose


def is_begun(out: Path) -> bool:
    """Whether a compilation has made rollouts in its folder `out`."""
    return out.is_dir() and any(has_rollouts(each) for each in out.iterdir())


def open_folder(out: Path, identity: dict[str, Any]) -> RunFolder:
    """The folder of the training rollouts below `out`, with which an interrupted compilation resumes. A folder without
    any rollout may begin again with another configuration, for example after a misspelt model.

    Raises:
        RunError: the folder has other content, or a compilation with another configuration, data or code; the message
            has the difference.
    """
    training = out / "training"
    refuse_foreign(out, "compilation", "training/config.json", {"training"})
    begun = is_begun(out)
    code = read_config(training).get("code", {}) if begun else identity["code"]
    if changed := changed_files(code, identity["code"]):
        raise RunError(
            f"{out} began with other code: {changed} changed; choose another folder, or go back to that code"
        )
    return RunFolder(training, identity, begun=begun)


def is_finished(out: Path, identity: dict[str, Any]) -> bool:
    """Whether `out` is an artifact that was fully compiled with this configuration, by any code version.

    Values that depend on the code are compared only for the same code: the fingerprint of a start program changes with
    every new key of its class.

    Raises:
        RunError: it was compiled with another configuration; the message has the difference.
        ArtifactError: it is damaged.
    """
    if not (out / "manifest.json").is_file():
        return False
    manifest = artifact.read_manifest(out)
    compiled = manifest.compile
    if compiled is None:
        raise RunError(f"{out} is an artifact that was not compiled; choose another folder")
    by_code = {"code", "versions"} | ({"start_fingerprint"} if compiled.get("code") != identity["code"] else set())
    shared = set(compiled) & set(identity) - by_code
    there, here = ({key: each[key] for key in shared} for each in (compiled, identity))
    if found := config_differences(there, here):
        raise RunError(f"{out} was compiled with another configuration: {found[0]}; choose another folder")
    read_state(out, manifest)
    return not compiled.get("stopped")
