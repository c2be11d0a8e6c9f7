"""Export a run as a table or as Inspect logs: `python -m eval.export RUN --format csv --out FILE`."""

from __future__ import annotations

import argparse

from eval.options import add_run, command_parser, file_name
from program.cli.command import run_command


def main() -> None:
    parser = command_parser("export", "Write a run as a table with one row per rollout, or as Inspect logs.")
    add_run(parser)
    parser.add_argument(
        "--format",
        choices=("csv", "json", "markdown", "junit", "inspect"),
        default="csv",
        help="junit: XML for CI systems; inspect: logs for `inspect view` (default: %(default)s)",
    )
    parser.add_argument(
        "--out", type=file_name, help="the file (default: standard output); for inspect a new folder, one log per arm"
    )
    run_command(parser, _export)


def _export(options: argparse.Namespace) -> None:
    from eval.errors import RunError
    from eval.given.inspect_logs import write_inspect_logs
    from eval.given.run_table import write_table

    if options.format == "inspect":
        if options.out is None:
            raise RunError("--format inspect writes one log per arm: name a new folder with --out")
        print(*write_inspect_logs(options.run, options.out, options.exclude), sep="\n")
        return
    write_table(options.run, options.format, options.out, options.exclude)


if __name__ == "__main__":
    main()
