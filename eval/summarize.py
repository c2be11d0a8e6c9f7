"""All numbers of a stored run, arm by arm: `python -m eval.summarize RUN`."""

from __future__ import annotations

import argparse

from eval.options import add_arms, add_runs, command_parser
from program.cli.command import run_command
from program.cli.output import say_next
from program.cli.shown_markdown import print_markdown


def main() -> None:
    parser = command_parser("summarize", "The numbers of a run, arm by arm.")
    add_runs(parser)
    add_arms(parser)
    parser.add_argument(
        "--ai-tests", action="store_true", help="check the model's tests with the dataset's known programs (minutes)"
    )
    parser.add_argument(
        "--reading",
        action="store_true",
        help="read the answers of failed rollouts in every other way and judge the programs found (a minute)",
    )
    run_command(parser, _summarize)


def _summarize(options: argparse.Namespace) -> None:
    from eval.tables.details import summarize_runs

    asked = (options.runs, options.arms, options.ai_tests, options.exclude, options.reading)
    print_markdown(summarize_runs(*asked))
    say_next(command=["eval.show", options.runs[0]])  # a comparison would need two programs


if __name__ == "__main__":
    main()
