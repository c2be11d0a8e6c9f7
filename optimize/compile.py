"""Compile a program: `python -m optimize.compile [CONFIG.toml] --out artifacts/NAME`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from eval.options import add_answers, add_executor, add_sandbox, add_selection, path_name, whole
from optimize.config import CompileConfig, ConfigError, OptimizerOptions
from program.cli.command import run_command
from program.cli.folders import ArtifactName
from program.cli.key_options import RATES, add_keys, add_limits
from program.cli.model_options import add_stronger_models
from program.cli.output import say_next, without
from program.cli.shown_markdown import print_markdown
from program.manifest import flattened, merged
from program.rollout.budget import OPTIONS as LIMITS

SHARED = ("start", "adapter", "lm", "api_base", "optimizer", "data", "split", "metric", "seed", "concurrency")
STRONGER = ("escalate_lm", "escalate_api_base", "repair_lm", "repair_api_base")
OPTIMIZER = ("teacher_lm", "prompt_lm", "demos", "threshold")
LISTS = ("match", "tags", "difficulty", "exclude", "limit", "only", "freeze")
KEYS = (*SHARED, *STRONGER, *OPTIMIZER, "reflection_lm", "gate", *RATES, *LIMITS.values(), *LISTS)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m optimize.compile", description="Compile a program on problems with hidden tests."
    )
    parser.add_argument("config", nargs="?", type=path_name, help="a TOML file; docs/reference/keys.md lists its keys")
    add_keys(parser, CompileConfig, SHARED)
    add_stronger_models(parser)
    add_keys(parser, OptimizerOptions, OPTIMIZER, defaults=False)  # each optimizer has its own
    parser.add_argument("--reflection-lm", help="the model that proposes instructions with gepa")
    add_limits(parser)
    add_selection(parser)
    add_sandbox(parser)
    add_answers(parser)
    add_executor(parser)
    parser.add_argument(
        "--at",
        action="append",
        default=[],
        metavar="calls=N",
        help="budget of a rollout, in calls, tokens or dollars; the program is compiled for it",
    )
    parser.add_argument("--only", nargs="+", metavar="STAGE", help="tune only these stages, such as WriteCode")
    parser.add_argument("--freeze", nargs="+", metavar="STAGE", help="do not change these stages")
    parser.add_argument("--tune", action="append", default=[], metavar="KEY=VALUE", help="a key of the optimizer")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the program's configuration"
    )
    parser.add_argument(
        "--out", required=True, type=path_name, help="folder of the artifact; the same command resumes the compilation"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and its cost, without any LM call")
    parser.add_argument(
        "--pilot", type=whole(), metavar="N", help="run and pay for the first N problems, then print the expected cost"
    )
    parser.add_argument(
        "--probe",
        type=whole(least=60),  # what trying every lever on the fewest problems takes
        nargs="?",
        const=120,
        metavar="CALLS",
        help="measure with about this many calls (120) what each lever can gain, and compile nothing",
    )
    parser.add_argument(
        "--no-gate",
        dest="gate",
        action="store_false",
        default=None,
        help="write the optimizer's result without comparing it with its start",
    )
    parser.add_argument("--report", action="store_true", help="print why each demonstration was chosen")
    run_command(parser, _compile)


def _compile(options: argparse.Namespace) -> None:
    if options.start is not None:
        ArtifactName.check(Path(options.start))

    from eval.cluster.execution import judging_on
    from optimize.compilation.compiling import compile_artifact, dry_run, pilot, probe_levers
    from optimize.optimizers.table import read_config
    from program.cli.settings import parse_settings

    changes: dict[str, Any] = {key: getattr(options, key) for key in KEYS}
    changes = {key: value for key, value in changes.items() if value is not None}
    changes.update(parse_settings(options.tune, "--tune"))
    if options.answers:
        changes["answers"] = list(map(str, options.answers))
    settings, at = parse_settings(options.set), parse_settings(options.at, "--at")
    if unset := [key for key, value in at.items() if value is None]:
        raise ConfigError(f"--at {unset[0]}=: expected a number")
    budget = {"budget": at} if at else {}
    if twice := flattened(settings).keys() & {*budget, *flattened(budget)}:
        raise ConfigError(f"--set {min(twice)} and --at: give only one of them")
    if settings := merged(settings, budget):
        changes["settings"] = settings
    config = read_config(options.config, changes)
    if options.dry_run:
        print_markdown(dry_run(config, options.out, options.probe))
        say_next(command=["optimize.compile", *without("--dry-run", sys.argv[1:])])
        return
    with judging_on(options):  # LM calls stay here, with the ledger
        if options.pilot is not None:
            print_markdown(pilot(config, options.out, options.pilot))
        elif options.probe is not None:
            print_markdown(probe_levers(config, options.out, options.probe, sys.argv[1:], KEYS))
        else:
            compile_artifact(config, options.out, evidence=options.report)


if __name__ == "__main__":
    main()
