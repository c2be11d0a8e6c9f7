"""Write the report of stored runs: `python -m eval.report RUN…`."""

from __future__ import annotations

import argparse

from eval.options import add_runs, command_parser, file_name
from program.cli.command import run_command


def main() -> None:
    parser = command_parser("report", "Write runs as a page to look at.")
    add_runs(parser)
    parser.add_argument("--out", type=file_name, help="the file (default: report.html in the first run's folder)")
    run_command(parser, _report)


def _report(options: argparse.Namespace) -> None:
    from eval.report.write import REPORT, write_report

    out = options.out or options.runs[0] / REPORT
    write_report(options.runs, out, exclude=options.exclude)
    print(out)


if __name__ == "__main__":
    main()
