"""The table of the replication study, from one run: `python -m eval.replication RUN`. See
docs/measured/replication.md."""

from __future__ import annotations

import argparse

from eval.options import add_run, command_parser
from program.cli.command import run_command
from program.cli.shown_markdown import print_markdown


def main() -> None:
    parser = command_parser("replication", "Zero-shot against flow, next to the published figures.")
    add_run(parser, "a folder written by eval.run with a direct program and a flow, best with --n 5")
    parser.add_argument("--direct", help="the zero-shot arm (default: the first direct program)")
    parser.add_argument("--flow", help="the flow's arm (default: the first flow)")
    run_command(parser, _replicate)


def _replicate(options: argparse.Namespace) -> None:
    from eval.tables.replication_table import replicate

    print_markdown(replicate(options.run, options.direct, options.flow, options.exclude))


if __name__ == "__main__":
    main()
