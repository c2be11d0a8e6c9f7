"""Compile on one split, evaluate on another, compare: `python -m optimize.study CONFIG.toml --out runs/NAME`.

It runs the commands anyone would run, one after the other, and says which; each goes on where it was interrupted.
"""

from __future__ import annotations

import argparse

from eval.options import path_name
from program.cli.command import run_command


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m optimize.study", description="Compile, evaluate and compare, as a configuration says."
    )
    parser.add_argument("config", type=path_name, help="a TOML file for optimize.compile with a table [study]")
    parser.add_argument("--lm", help="the model, instead of that of the configuration")
    parser.add_argument("--api-base", help="address of an OpenAI-compatible server that has the model")
    parser.add_argument("--data", help="the dataset, instead of that of the configuration")
    parser.add_argument("--out", required=True, type=path_name, help="folder; an interrupted study goes on there")
    parser.add_argument("--dry-run", action="store_true", help="only print what it will cost")
    run_command(parser, _study)


def _study(options: argparse.Namespace) -> None:
    from optimize.studies.studying import study

    study(options)


if __name__ == "__main__":
    main()
