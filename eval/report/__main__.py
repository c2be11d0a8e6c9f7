"""Write the report of stored runs, or of all runs below a folder with an index: `python -m eval.report RUN…`."""

from __future__ import annotations

import argparse

from eval.options import add_runs, command_parser, file_name
from program.cli.command import run_command
from program.cli.folders import RunsName
from program.cli.output import say_next

COMPARISON = "comparison.html"  # of several runs; the first run keeps its own report


def main() -> None:
    said = "Write runs as an HTML page; for a folder of runs, one page per run and an index."
    parser = command_parser("report", said)
    add_runs(parser, RunsName)
    parser.add_argument(
        "--out",
        type=file_name,
        help="the file (default: in the first run's folder, report.html or for several runs "
        "comparison.html; FOLDER/index.html for a folder of runs)",
    )
    run_command(parser, _report)


def _report(options: argparse.Namespace) -> None:
    from eval.errors import RunError
    from eval.report.runs_index import is_folder_of_runs, write_index
    from eval.report.write import write_report
    from eval.rollouts.run_folder import REPORT

    if len(options.runs) == 1 and is_folder_of_runs(options.runs[0]):
        if options.exclude:
            raise RunError("--exclude works only for the report of a run; the reports of an index have all problems")
        print(write_index(options.runs[0], options.out))
        return
    out = options.out or options.runs[0] / (REPORT if len(options.runs) == 1 else COMPARISON)
    write_report(options.runs, out, exclude=options.exclude)
    print(out)
    say_next(command=["eval.show", options.runs[0]])


if __name__ == "__main__":
    main()
