"""Audit a dataset by its own right and wrong programs: `python -m eval.audit --data D --split S`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eval.options import add_data, add_executor, add_sandbox, add_selection, command_parser, file_name, path_name, whole
from program.cli.command import run_command


def main() -> None:
    parser = command_parser("audit", "Find problems whose tests misjudge.")
    add_data(parser)
    add_selection(parser)
    parser.add_argument("--solutions", type=path_name, help="more programs: JSON lines with name, solution and correct")
    parser.add_argument(
        "--programs", type=whole(), default=5, help="right and wrong ones a problem at most (default: 5 each)"
    )
    add_sandbox(parser)
    add_executor(parser)
    parser.add_argument(
        "--out",
        type=file_name,
        default=Path("exclude.json"),
        help="the suspects, for --exclude of the other commands (default: %(default)s); an interrupted audit goes on",
    )
    run_command(parser, _audit)


def _audit(options: argparse.Namespace) -> None:
    from eval.given.dataset_audit import audit

    audit(options)


if __name__ == "__main__":
    main()
