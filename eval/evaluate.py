"""One evaluation from its options to its table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

from eval.data import load_problems
from eval.loop import Arm, run_loop
from eval.models import open_model
from eval.run_folder import RunError, RunFolder, read_config, read_rollouts
from eval.summary import Summary, markdown_table, summarize
from program import artifact
from program.artifact import ArtifactError


def evaluate(options: argparse.Namespace) -> None:
    """Evaluate `options.artifacts`; see `eval.run` for the options. Prints and stores the table.

    Raises:
        ArtifactError, DataError, RunError: bad input, before any LM call.
        LMError: the model does not answer.
    """
    for name in ("n", "limit", "concurrency"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            raise RunError(f"--{name} must be at least 1")
    config = parse_settings(options.set)
    problems = load_problems(options.data, options.split).select(options.limit, options.match, options.exclude)
    arms, fingerprints = [], {}
    for path in options.artifacts:
        program, manifest = artifact.load(path, config)
        arms.append(Arm(path.name, program, artifact.adapter_of(manifest), artifact.lm_settings(manifest)))
        fingerprints[path.name] = artifact.fingerprint(program, manifest)
    names = [arm.name for arm in arms]
    if len(set(names)) < len(names):
        raise ArtifactError(f"two artifacts have the same folder name: {', '.join(sorted(names))}")
    folder = RunFolder(
        options.out,
        {
            "artifacts": fingerprints,
            "data": options.data,
            "split": options.split,
            "data_fingerprint": problems.fingerprint,
            "problems": [problem.name for problem in problems.problems],
            "lm": options.lm,
            "samples": options.n,
        },
    )
    with open_model(options.lm, problems, api_base=options.api_base, slots=options.concurrency) as lm:
        for _ in run_loop(
            folder,
            arms,
            problems,
            lm,
            samples=options.n,
            concurrency=options.concurrency,
            label=options.lm,
        ):
            pass
    summaries = summaries_of(options.out)
    table = markdown_table(summaries)
    (options.out / "summary.md").write_text(f"{options.lm}, {options.data} {options.split}\n\n{table}\n")
    print(table)


def summaries_of(run: Path) -> list[Summary]:
    """One summary an arm of a stored run, in the order the artifacts were given."""
    rollouts = read_rollouts(run)
    names = read_config(run)["artifacts"]
    return [summarize(name, [rollout for rollout in rollouts if rollout.arm == name]) for name in names]


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """`["solutions=2", …]` as a dictionary; values are read as YAML.

    Raises:
        ArtifactError: no `=` in one of them.
    """
    pairs = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ArtifactError(f"--set {setting}: expected KEY=VALUE")
        try:
            pairs[key] = yaml.safe_load(value)
        except yaml.YAMLError as fault:
            raise ArtifactError(f"--set {setting}: the value is not YAML") from fault
    return pairs
