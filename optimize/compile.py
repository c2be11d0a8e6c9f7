"""Compile a program: `python -m optimize.compile [CONFIG.toml] --out artifacts/NAME`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from eval.options import add_executor, add_sandbox, add_selection
from program.cli.command import run_command

# Options that are keys of the configuration, with their types and what --help says of them.
KEYS: dict[str, tuple[Any, str]] = {
    "start": (str, "the artifact to compile (default: artifacts/handwritten)"),
    "adapter": (str, "in place of the artifact's own: lean, yaml, chat, json or xml"),
    "lm": (str, "the model (default: local/qwen2.5-coder-0.5b)"),
    "api_base": (str, "address of an OpenAI-compatible server that has the model"),
    "optimizer": (str, "bootstrap, bootstrap_rs, verified, mipro, simba, gepa or copro"),
    "teacher_lm": (str, "the model that makes demonstrations"),
    "prompt_lm": (str, "the model that proposes instructions to mipro, simba and copro"),
    "reflection_lm": (str, "the model that reflects for gepa"),
    "demos": (int, "demonstrations a predictor gets at most"),
    "threshold": (float, "of the metric, from which on a rollout gives demonstrations"),
    "data": (str, "pack, a hub name or a local folder in its layout"),
    "split": (str, "what to compile on (default: valid)"),
    "metric": (str, "hidden (default), private, generated or solved"),
    "seed": (int, "of whatever is drawn"),
    "concurrency": (int, "rollouts side by side"),
    "requests_per_minute": (int, "what the provider allows"),
    "tokens_per_minute": (int, "what the provider allows"),
    "max_calls": (int, "LM calls after which to stop and save the best program so far"),
    "max_tokens": (int, "the same for tokens of prompts and answers"),
    "max_usd": (float, "the same for dollars"),
    "max_seconds": (float, "the same for seconds"),
}
LISTS = ("match", "tags", "difficulty", "exclude", "limit", "only", "freeze")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m optimize.compile", description="Compile a program on problems with hidden tests."
    )
    parser.add_argument("config", nargs="?", type=Path, help="a TOML file with the keys of optimize.config")
    for key, (kind, said) in KEYS.items():
        parser.add_argument(f"--{key.replace('_', '-')}", type=kind, help=said)
    add_selection(parser)
    add_sandbox(parser)
    add_executor(parser)
    parser.add_argument("--only", nargs="+", metavar="STAGE", help="tune these stages only, such as WriteCode")
    parser.add_argument("--freeze", nargs="+", metavar="STAGE", help="leave these stages as they are")
    parser.add_argument("--tune", action="append", default=[], metavar="KEY=VALUE", help="a key of the optimizer")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the program's configuration"
    )
    parser.add_argument(
        "--out", required=True, type=Path, help="folder of the artifact; an interrupted compilation goes on there"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done and paid, without any LM call")
    parser.add_argument(
        "--pilot", type=int, metavar="N", help="run and pay for the first N problems, then say what the rest will cost"
    )
    parser.add_argument("--report", action="store_true", help="print why each demonstration was chosen")
    options = parser.parse_args()

    run_command(lambda: _compile(options))


def _compile(options: argparse.Namespace) -> None:
    from eval.cluster.execution import judging_on
    from optimize.compilation.compiling import compile_artifact, dry_run, pilot
    from optimize.config import read_config
    from program.cli.settings import parse_settings

    changes: dict[str, Any] = {key: getattr(options, key) for key in (*KEYS, *LISTS)}
    changes = {key: value for key, value in changes.items() if value is not None}
    changes.update(parse_settings(options.tune))
    settings = parse_settings(options.set)
    if settings:
        changes["settings"] = settings
    config = read_config(options.config, changes)
    if options.dry_run:
        print(dry_run(config, options.out))
        return
    with judging_on(options):  # LM calls stay here, with the ledger
        if options.pilot is not None:
            print(pilot(config, options.out, options.pilot))
        else:
            compile_artifact(config, options.out, evidence=options.report)


if __name__ == "__main__":
    main()
