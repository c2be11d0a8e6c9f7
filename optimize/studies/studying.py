"""One study from its configuration to its comparison."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.data.rows import same_split
from eval.rollouts.run_folder import read_rollouts
from eval.rollouts.stored_arms import arms_of, gaps, read_run
from judge.sandbox.layers import kernel
from optimize.config import CompileConfig, ConfigError
from optimize.forecast.averages import Averages, averages
from optimize.forecast.forecast import Row, cost_table, describe_plan
from optimize.gate.gate import COMPILED, START, gate_rollouts
from optimize.gate.gate_outcome import Outcome
from optimize.job.inputs import Inputs, is_finished, models_of, read_inputs
from optimize.optimizers.table import read_config
from optimize.studies.bought import bought
from optimize.studies.minutes import Fit
from optimize.studies.study_arms import StudyArm, study_arms
from program import artifact
from program.cli.output import counted, say_next, without
from program.cli.settings import named_options
from program.cli.shown_markdown import print_markdown
from program.errors import first_error
from program.files import write_whole
from program.input_files import read_toml
from program.models.prices import price_of
from program.rollout.budget import OPTIONS as LIMITS
from program.rollout.budget import Budget, spent_of
from program.rollout.trace import Totals
from program.stopping import graceful, pass_on


class StudyConfig(BaseModel):
    """The table `[study]`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    split: str = "test"
    """the split to evaluate on; never the split of the compilation"""
    against: list[str] = []
    """further artifacts to compare with, besides the start"""
    settings: dict[str, dict[str, Any]] = {}
    """further keys of programs' configurations, by an artifact's folder name"""
    n: int = Field(default=1, ge=1)
    """samples per problem"""
    limit: int | None = Field(default=None, ge=1)
    """only the first problems"""
    exclude: str | None = None
    """a file of problems to leave out, as written by eval.audit"""
    fit: Fit | None = None
    """the available minutes: as many problems are raced, compared in the gate and evaluated as fit"""


def study(options: argparse.Namespace) -> None:
    """Print the cost, compile, evaluate, compare; see `optimize.study` for the options.

    Raises:
        ConfigError, ArtifactError, DataError: invalid input; raised before anything is paid.
    """
    changes = {key: getattr(options, key) for key in ("lm", "api_base", "data") if getattr(options, key) is not None}
    config, total = read_config(options.config, changes), _total(options)
    plan = _study_config(options.config)
    if same_split(plan.split, config.split):
        raise ConfigError(f"study: split {plan.split} is the split of the compilation; evaluate on another")
    evaluated_on = load_problems(config.data, plan.split)
    _refuse_same_problems(config, evaluated_on)
    if plan.fit and config.optimizer != "race":
        raise ConfigError("study: fit works only with the optimizer race")
    arms = study_arms(config, plan.against, plan.settings, taken=("compiled", plan.split))
    given = named_options(changes)
    if plan.fit and not options.dry_run:
        problems = evaluated_on.select(plan.limit, None, plan.exclude)
        fitting = plan.fit.problems(config, problems, options.out)
        changes |= {"rollouts": fitting, "gate_problems": fitting}
        given += [word for key in ("rollouts", "gate_problems") for word in ("--tune", f"{key}={fitting}")]
        config, plan = read_config(options.config, changes), plan.model_copy(update={"limit": fitting})
    problems = evaluated_on.select(plan.limit, None, plan.exclude)
    capped = config.model_copy(update={"budget": config.budget.and_also(total)})
    print_markdown(expected_cost(capped, plan, arms, problems, options.out / "compiled"))
    if options.dry_run:
        say_next(command=["optimize.study", *without("--dry-run", sys.argv[1:])])
        return
    compiled, run = options.out / "compiled", options.out / plan.split
    for path, program, manifest in arms:
        artifact.save(options.out / path.name, program, manifest)
    _do("optimize.compile", options.config, *given, *_limits(config.budget.and_also(total)), "--out", compiled)
    manifest = artifact.read_manifest(compiled)
    if stopped := (manifest.compile or {}).get("stopped"):
        more = f"allow more, also in {options.config} where it has this cap, and run the command again"
        raise ConfigError(f"study: {compiled} is not fully compiled: {stopped}; {more}")
    start, *others = [options.out / path.name for path, _, _ in arms]
    outcome = Outcome.model_validate(manifest.gate) if manifest.gate else None
    kept = outcome is not None and not outcome.ships
    if kept:
        print(f"\n{compiled} equals {start.name}: nothing better was found, so it is evaluated only once")
    programs = [start, *others, *([] if kept else [compiled])]
    models = models_of(config).used_by(map(artifact.load_program, programs))
    limits = _limits(_rest(total, manifest))
    _do("eval.run", *programs, *models.options(), *_evaluation(config, plan), *limits, "--out", run)
    if missing := gaps(arms_of(run, *read_run(run))):
        raise ConfigError(f"study: {run}: {'; '.join(missing)}; allow more and run the command again")
    if others or not kept:
        comparison = _printed("eval.compare", run)
        write_whole(options.out / "comparison.md", comparison)
        print_markdown(comparison)
        print(f"wrote {options.out / 'comparison.md'}")
    print()
    if outcome and kept:
        compared = gate_rollouts(compiled)
        rest = (START, COMPILED, "best candidate", f"of {config.split} in the comparison with the start")
        print_markdown(bought(compared, *rest) if compared else outcome.line())
    else:
        print_markdown(bought(read_rollouts(run), start.name, compiled.name))
    say_next(command=["optimize.show", options.out / "compiled"])


def _total(options: argparse.Namespace) -> Budget:
    """The limits of the study.

    Raises:
        ConfigError: a limit is not positive.
    """
    try:
        return Budget(**{name: getattr(options, option) for name, option in LIMITS.items()})
    except ValidationError as fault:
        raise ConfigError(first_error(fault, Budget)) from fault


def _evaluation(config: CompileConfig, plan: StudyConfig) -> list[object]:
    """The options of `eval.run` for the evaluation: its problems, its pace and the answers to reuse."""
    options: list[object] = ["--data", config.data, "--split", plan.split, "--n", plan.n]
    options += ["--concurrency", config.concurrency]
    for key, limit in config.rates.model_dump(include={"requests_per_minute", "tokens_per_minute"}).items():
        options += [f"--{key.replace('_', '-')}", limit] if limit else []
    options += ["--limit", plan.limit] if plan.limit else []
    options += ["--exclude", plan.exclude] if plan.exclude else []
    return [*options, *(word for folder in config.answers for word in ("--answers", folder))]


def _limits(budget: Budget) -> list[object]:
    """A budget as options of a command."""
    limits = budget.model_dump(exclude_none=True).items()
    return [word for name, limit in limits for word in (f"--{LIMITS[name].replace('_', '-')}", limit)]


def _rest(total: Budget, manifest: artifact.Manifest) -> Budget:
    """What a compilation has left of the study's limits.

    Raises:
        ConfigError: nothing is left.
    """
    cost = manifest.cost or {}
    spent = Totals.model_validate({key: value for key, value in cost.items() if key != "seconds"})
    used = {"calls": spent.calls, "tokens": spent.tokens or 0, "dollars": spent.dollars or 0.0}
    used["seconds"] = cost.get("seconds", 0.0)
    if resource := spent_of(used, total):
        raise ConfigError(f"study: the compilation has spent the {resource}; allow more and run the command again")
    return total.after(used)


def _refuse_same_problems(config: CompileConfig, evaluated_on: ProblemSet) -> None:
    """Refuse to evaluate on problems of the compilation, which one file has under both splits.

    Raises:
        ConfigError: a problem of the one split has the text of a problem of the other.
        DataError: the data cannot be read.
    """
    texts = {problem.asked() for problem in load_problems(config.data, config.split).problems}
    if shared := [problem.name for problem in evaluated_on.problems if problem.asked() in texts]:
        said = f"{counted(len(shared), 'problem')}, such as {shared[0]}, are in {config.split} and in "
        raise ConfigError(f"study: {said}{evaluated_on.split}; evaluate on others")


def expected_cost(
    config: CompileConfig, plan: StudyConfig, arms: Sequence[StudyArm], problems: ProblemSet, compiled: Path
) -> str:
    """The expected requests and cost of compiling and evaluating, as text and tables, without any LM call."""
    inputs = read_inputs(config)
    average = averages(config, inputs, compiled)
    count = len(problems.problems) * plan.n
    done = is_finished(compiled, inputs.identity)
    plan_text = f"{compiled} is compiled already" if done else describe_plan(config, inputs, compiled)
    lines = [plan_text, "", f"then evaluate on {len(problems.problems)} problems of "]
    lines[-1] += f"{config.data} {plan.split}, {counted(plan.n, 'sample')} each:"
    start, *others = arms
    average = average.within(start.program.config.budget, config.lm)
    costs = {start.path.name: average}
    costs |= {arm.path.name: _average_of(arm, config, inputs, average) for arm in others}
    costs["compiled"] = average.with_demos(config.tuning.demos)
    lines += ["", cost_table("program", (_row(name, count, each, config) for name, each in costs.items()))]
    return "\n".join(lines)


def _average_of(arm: StudyArm, config: CompileConfig, inputs: Inputs, average: Averages) -> Averages:
    """The average requests of another program: measured ones, or else its expected number of calls, each with the
    tokens of the compiled program's calls."""
    identity = {**inputs.identity, "start_fingerprint": artifact.fingerprint(arm.program, arm.manifest)}
    its = replace(inputs, program=arm.program, manifest=arm.manifest, frozen=[], identity=identity)
    own = averages(config, its, None)
    own = own.with_tokens_of(average) if average.measured and not own.measured else own
    return own.within(arm.program.config.budget, config.lm)


def _row(name: str, count: int, average: Averages, config: CompileConfig) -> Row:
    calls, prompt, answer = (count * each for each in (average.calls, average.prompt_tokens, average.answer_tokens))
    price = price_of(config.lm)
    return Row(name, count, calls, prompt, answer, price.dollars(prompt, answer) if price else None)


def _study_config(path: Path) -> StudyConfig:
    """The table `[study]` of a file that `read_config` has accepted."""
    try:
        return StudyConfig.model_validate(read_toml(path).get("study", {}))
    except ValidationError as fault:
        raise ConfigError(f"study: {first_error(fault, StudyConfig)}") from fault


def _do(module: str, *arguments: object) -> None:
    """Run one of our commands; if it fails, exit with its status, because it has printed the reason."""
    _run(module, arguments, None)


def _printed(module: str, *arguments: object) -> str:
    """As `_do`; returns the command's output."""
    return _run(module, arguments, subprocess.PIPE)


def _end_with_the_study() -> None:
    """In a command of the study: nobody would see what it pays after the study was killed."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGTERM)


def _run(module: str, arguments: Sequence[object], stdout: int | None) -> str:
    words = ["-m", module, *map(str, arguments)]
    print(f"\n$ python {' '.join(words)}", flush=True)
    with graceful():  # a signal also reaches the command, which ends by itself
        process = subprocess.Popen([sys.executable, *words], stdout=stdout, text=True, preexec_fn=_end_with_the_study)
        pass_on(process)
        said, _ = process.communicate()
    if process.returncode:
        sys.exit(process.returncode)
    return said or ""
