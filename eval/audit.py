"""Audit a dataset with its own right and wrong programs: `python -m eval.audit --data D --split S`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eval.options import add_data, add_executor, add_sandbox, add_selection, command_parser, file_name, path_name, whole
from program.cli.command import run_command


def main() -> None:
    parser = command_parser("audit", "Find problems with tests that misjudge programs.")
    add_data(parser)
    add_selection(parser)
    parser.add_argument(
        "--solutions", type=path_name, help="more programs, in any form of eval.judge, with the label correct"
    )
    parser.add_argument(
        "--programs", type=whole(), default=5, help="right and wrong programs per problem, each at most (default: 5)"
    )
    add_sandbox(parser)
    add_executor(parser)
    parser.add_argument(
        "--out",
        type=file_name,
        default=Path("exclude.json"),
        help="file of suspect problems, for --exclude (default: %(default)s); the same command resumes an audit",
    )
    run_command(parser, _audit)


def _audit(options: argparse.Namespace) -> None:
    from eval.given.dataset_audit import audit

    audit(options)


if __name__ == "__main__":
    main()
