"""Write the report of stored runs: `python -m eval.report RUN…`."""

from __future__ import annotations

from pathlib import Path

from eval.options import add_runs, command_parser
from program.cli.command import run_command


def main() -> None:
    parser = command_parser("report", "Write runs as a page to look at.")
    add_runs(parser)
    parser.add_argument("--out", type=Path, help="the file (default: report.html in the first run's folder)")
    options = parser.parse_args()

    from eval.report.write import REPORT, write_report

    def report() -> None:
        out = options.out or options.runs[0] / REPORT
        write_report(options.runs, out, exclude=options.exclude)
        print(out)

    run_command(report)


if __name__ == "__main__":
    main()
