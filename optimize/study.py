"""Compile on one split, evaluate on another, compare: `python -m optimize.study CONFIG.toml --out runs/NAME`.

It prints and runs the usual commands in order. Each resumes where it was interrupted. A limit such as --max-usd is for
the whole study.
"""

from __future__ import annotations

import argparse

from eval.options import path_name
from program.cli.command import run_command
from program.cli.key_options import add_keys
from program.rollout.budget import OPTIONS, Budget


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m optimize.study", description="Compile, evaluate and compare, from one configuration."
    )
    parser.add_argument("config", type=path_name, help="a TOML file for optimize.compile with a table [study]")
    parser.add_argument("--lm", help="the model, instead of the configuration's")
    parser.add_argument("--api-base", help="address of an OpenAI-compatible server with the model")
    parser.add_argument("--data", help="the dataset, instead of the configuration's")
    add_keys(parser, Budget, OPTIONS, OPTIONS)
    parser.add_argument("--out", required=True, type=path_name, help="folder; the same command resumes the study")
    parser.add_argument("--dry-run", action="store_true", help="only print the expected cost")
    run_command(parser, _study)


def _study(options: argparse.Namespace) -> None:
    from optimize.studies.studying import study

    study(options)


if __name__ == "__main__":
    main()
