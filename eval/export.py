"""Export a run, one row a rollout: `python -m eval.export RUN --format csv --out FILE`."""

from __future__ import annotations

import argparse

from eval.options import add_run, command_parser, file_name
from program.cli.command import run_command


def main() -> None:
    parser = command_parser("export", "Write a run as a table.")
    add_run(parser)
    parser.add_argument(
        "--format",
        choices=("csv", "json", "markdown", "junit"),
        default="csv",
        help="junit: XML for CI systems (default: %(default)s)",
    )
    parser.add_argument("--out", type=file_name, help="the file (default: standard output)")
    run_command(parser, _export)


def _export(options: argparse.Namespace) -> None:
    from eval.given.run_table import write_table

    write_table(options.run, options.format, options.out, options.exclude)


if __name__ == "__main__":
    main()
