"""Judge the stored programs of a run again, without one LM call: `python -m eval.rescore RUN --out RUN2 [options]`."""

from __future__ import annotations

import argparse

from eval.options import CHECKERS, add_sandbox, add_selection, command_parser, path_name
from program.cli.command import run_command


def main() -> None:
    parser = command_parser("rescore", "Judge the programs of a run again, by other rules or on other tests.")
    parser.add_argument("run", type=path_name, help="a folder written by eval.run, eval.judge or eval.rescore")
    parser.add_argument("--data", help="judge on the problems there (default: the run's data, which must be unchanged)")
    add_selection(parser)
    parser.add_argument("--checker", choices=CHECKERS, help="(default: the run's)")
    parser.add_argument("--time-factor", type=float, help="the problem's time limit times this (default: the run's)")
    parser.add_argument(
        "--timeouts",
        type=int,
        help="tests a set that may run out of time before the rest is left out (default: the run's)",
    )
    add_sandbox(parser)
    parser.add_argument(
        "--out", required=True, type=path_name, help="folder of the new run; if interrupted it goes on there"
    )
    run_command(parser, _rescore)


def _rescore(options: argparse.Namespace) -> None:
    from eval.given.rescored_run import rescore

    rescore(options)


if __name__ == "__main__":
    main()
