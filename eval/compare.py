"""Compare arms of stored runs, paired by problem: `python -m eval.compare RUN RUN…`."""

from __future__ import annotations

import argparse

from eval.options import add_arms, add_runs, command_parser
from program.cli.command import run_command


def main() -> None:
    parser = command_parser("compare", "Compare evaluated programs, paired by problem.")
    add_runs(parser)
    add_arms(parser)
    parser.add_argument(
        "--by",
        nargs="+",
        default=[],
        choices=["difficulty", "tag", "rating", "contest", "answers"],
        help="break the comparison down; contests come in the order of time, answers with and without the problems "
        "that accept several and store one",
    )
    parser.add_argument(
        "--budget",
        nargs="+",
        default=[],
        choices=["calls", "tokens", "dollars", "seconds"],
        help="what each arm had solved for so much a problem",
    )
    parser.add_argument("--prompts", action="store_true", help="show instructions that differ line by line")
    run_command(parser, _compare)


def _compare(options: argparse.Namespace) -> None:
    from eval.tables.comparison import compare

    print(compare(options.runs, options.arms, options.by, options.budget, options.prompts, options.exclude))


if __name__ == "__main__":
    main()
