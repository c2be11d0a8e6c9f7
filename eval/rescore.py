"""Judge the stored programs of a run again, without LM calls: `python -m eval.rescore RUN --out RUN2 [options]`."""

from __future__ import annotations

import argparse

from eval.options import CHECKERS, add_sandbox, add_selection, command_parser, path_name
from program.cli.command import run_command


def main() -> None:
    parser = command_parser("rescore", "Judge the programs of a run again, by other rules or on other tests.")
    parser.add_argument("run", type=path_name, help="a folder written by eval.run, eval.judge or eval.rescore")
    parser.add_argument("--data", help="judge on these problems (default: the run's data, which must be unchanged)")
    add_selection(parser)
    parser.add_argument("--checker", choices=CHECKERS, help="(default: the run's)")
    parser.add_argument("--time-factor", type=float, help="factor on the problem's time limit (default: the run's)")
    parser.add_argument(
        "--timeouts", type=int, help="skip the rest of a test set after this many timeouts (default: the run's number)"
    )
    add_sandbox(parser)
    parser.add_argument(
        "--out", required=True, type=path_name, help="folder of the new run; the same command resumes it"
    )
    run_command(parser, _rescore)


def _rescore(options: argparse.Namespace) -> None:
    from eval.given.rescored_run import rescore

    rescore(options)


if __name__ == "__main__":
    main()
