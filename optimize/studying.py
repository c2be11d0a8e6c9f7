"""One study from its configuration to its comparison."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eval.data import load_problems
from optimize.averages import Averages, averages
from optimize.config import CompileConfig, ConfigError, read_config
from optimize.inputs import read_inputs
from optimize.plan import describe_plan
from program import artifact
from program.prices import price_of


class StudyConfig(BaseModel):
    """The table `[study]`.

    split: what is evaluated on; never the split that is compiled on.
    against: further artifacts to compare with, besides the one that is compiled.
    n: samples a problem.
    limit: only the first problems.
    exclude: a file of problems to leave out, as eval.audit writes it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: str = "test"
    against: list[str] = []
    n: int = Field(default=1, ge=1)
    limit: int | None = Field(default=None, ge=1)
    exclude: str | None = None


def study(options: argparse.Namespace) -> None:
    """Print the cost, compile, evaluate, compare; see `optimize.study` for the options.

    Raises:
        ConfigError, ArtifactError, DataError: bad input, before anything is paid.
    """
    changes = {key: getattr(options, key) for key in ("lm", "api_base", "data") if getattr(options, key) is not None}
    config = read_config(options.config, changes)
    plan = _study_config(options.config)
    if plan.split == config.split:
        raise ConfigError(f"study: split {plan.split} is the one that is compiled on")
    print(expected_cost(config, plan, options.out / "compiled"))
    if options.dry_run:
        return
    given = [word for key, value in changes.items() for word in (f"--{key.replace('_', '-')}", value)]
    compiled, run = options.out / "compiled", options.out / plan.split
    others = [_with_settings(Path(path), options.out, config) for path in (config.start, *plan.against)]
    _do("optimize.compile", options.config, *given, "--out", compiled)
    evaluated = ["--lm", config.lm, "--data", config.data, "--split", plan.split, "--n", plan.n, "--out", run]
    evaluated += ["--concurrency", config.concurrency]
    evaluated += ["--api-base", config.api_base] if config.api_base else []
    for key, limit in config.rates.model_dump(include={"requests_per_minute", "tokens_per_minute"}).items():
        evaluated += [f"--{key.replace('_', '-')}", limit] if limit else []
    evaluated += ["--limit", plan.limit] if plan.limit else []
    evaluated += ["--exclude", plan.exclude] if plan.exclude else []
    _do("eval.run", *others, compiled, *evaluated)
    compared = subprocess.run([sys.executable, "-m", "eval.compare", run], check=True, capture_output=True, text=True)
    (options.out / "comparison.md").write_text(compared.stdout)
    print(compared.stdout)
    print(f"wrote {options.out / 'comparison.md'}")


def _with_settings(path: Path, folder: Path, config: CompileConfig) -> Path:
    """The artifact with what the settings of the compiled program say of its own keys: it is programs and prompts that
    are compared, and not how many tokens an answer may have."""
    program: Any = artifact.load(path)[0]
    settings = {key: value for key, value in config.settings.items() if key in type(program.config).model_fields}
    artifact.save(folder / path.name, *artifact.load(path, settings, config.adapter))
    return folder / path.name


def expected_cost(config: CompileConfig, plan: StudyConfig, compiled: Path) -> str:
    """What compiling and evaluating will ask and cost, in words and tables, without any LM call."""
    inputs = read_inputs(config)
    average = averages(config, inputs, compiled)
    problems = load_problems(config.data, plan.split).select(plan.limit, None, plan.exclude)
    count = len(problems.problems) * plan.n
    lines = [describe_plan(config, inputs, compiled), "", f"then evaluate on {len(problems.problems)} problems of "]
    lines[-1] += f"{config.data} {plan.split}, {plan.n} samples each:"
    lines += ["", "| program | program runs | LM calls | prompt tokens | answer tokens | USD |", "|" + " --- |" * 6]
    for path in (config.start, *plan.against):
        _, manifest = artifact.load(Path(path))
        single = manifest.program == "direct" != inputs.manifest.program
        lines.append(_row(Path(path).name, count, _one_call(average) if single else average, config))
    shown = getattr(config.tuning, "demos", 0)
    grown = average.prompt_tokens + shown * (average.prompt_tokens + average.answer_tokens)
    lines.append(_row("compiled", count, replace(average, prompt_tokens=grown), config))
    return "\n".join(lines)


def _row(name: str, count: int, average: Averages, config: CompileConfig) -> str:
    calls, prompt, answer = (count * each for each in (average.calls, average.prompt_tokens, average.answer_tokens))
    price = price_of(config.lm)
    dollars = f"{price.dollars(prompt, answer):.2f}" if price else "not known"
    return f"| {name} | {count:,} | {calls:,.0f} | {prompt:,.0f} | {answer:,.0f} | {dollars} |"


def _one_call(average: Averages) -> Averages:
    return replace(
        average,
        calls=1.0,
        prompt_tokens=average.prompt_tokens / average.calls,
        answer_tokens=average.answer_tokens / average.calls,
    )


def _study_config(path: Path) -> StudyConfig:
    """The table `[study]` of a file that `read_config` could read."""
    try:
        return StudyConfig(**tomllib.loads(path.read_text()).get("study", {}))
    except ValidationError as fault:
        first = fault.errors()[0]
        raise ConfigError(f"study: {'.'.join(map(str, first['loc']))}: {first['msg']}") from fault


def _do(module: str, *arguments: object) -> None:
    """Run a command of ours; when it fails, leave as it did, it has said why."""
    words = ["-m", module, *map(str, arguments)]
    print(f"\n$ python {' '.join(words)}", flush=True)
    ended = subprocess.run([sys.executable, *words], check=False)
    if ended.returncode:
        sys.exit(ended.returncode)
