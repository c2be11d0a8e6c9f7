"""Compile a program: `python -m optimize.compile [CONFIG.toml] --out artifacts/NAME`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from eval.selection import add_selection
from program.command import run_command

OPTIONS = (
    "start",
    "lm",
    "api_base",
    "teacher_lm",
    "optimizer",
    "demos",
    "data",
    "split",
    "match",
    "tags",
    "difficulty",
    "exclude",
    "limit",
    "seed",
    "concurrency",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m optimize.compile", description="Compile a program on problems with hidden tests."
    )
    parser.add_argument("config", nargs="?", type=Path, help="a TOML file with the keys of optimize.config")
    parser.add_argument("--start", help="the artifact to compile (default: artifacts/handwritten)")
    parser.add_argument("--lm", help="the model (default: local/qwen2.5-coder-0.5b)")
    parser.add_argument("--api-base", help="address of an OpenAI-compatible server that has the model")
    parser.add_argument("--teacher-lm", help="the model that makes demonstrations")
    parser.add_argument("--optimizer", help="bootstrap")
    parser.add_argument("--demos", type=int, help="demonstrations a predictor gets at most")
    parser.add_argument("--data", help="pack, a hub name or a local folder in its layout")
    parser.add_argument("--split", help="what to compile on (default: valid)")
    add_selection(parser)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--concurrency", type=int, help="rollouts side by side")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the program's configuration"
    )
    parser.add_argument(
        "--out", required=True, type=Path, help="folder of the artifact; an interrupted compilation goes on there"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, without any LM call")
    options = parser.parse_args()

    from eval.data import DataError
    from eval.run_folder import RunError
    from optimize.config import ConfigError

    run_command(lambda: _compile(options), ConfigError, DataError, RunError)


def _compile(options: argparse.Namespace) -> None:
    from optimize.compiling import compile_artifact, plan
    from optimize.config import read_config
    from program.settings import parse_settings

    changes: dict[str, Any] = {key: getattr(options, key) for key in OPTIONS if getattr(options, key) is not None}
    settings = parse_settings(options.set)
    if settings:
        changes["settings"] = settings
    config = read_config(options.config, changes)
    if options.dry_run:
        print(plan(config))
    else:
        compile_artifact(config, options.out)


if __name__ == "__main__":
    main()
