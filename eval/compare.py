"""Compare arms of stored runs, paired by problem: `python -m eval.compare RUN RUN…`."""

from __future__ import annotations

import argparse
import math
import sys

from eval.options import add_arms, add_runs, command_parser, points_lost
from program.cli.command import CHECK_FAILED, run_command
from program.cli.output import one_line, say_next
from program.cli.shown_markdown import print_markdown

UNITS = ("calls", "tokens", "dollars", "seconds")


def main() -> None:
    parser = command_parser("compare", "Compare evaluated programs, paired by problem.")
    add_runs(parser)
    add_arms(parser)
    parser.add_argument(
        "--by",
        nargs="+",
        default=[],
        choices=["difficulty", "tag", "rating", "contest", "answers"],
        help="break the comparison down by group; contests in order of time; answers: with and without the problems "
        "that accept several outputs but store one",
    )
    parser.add_argument(
        "--budget",
        nargs="+",
        default=[],
        choices=UNITS,
        help="what each arm solved within so many of these per problem",
    )
    parser.add_argument(
        "--at",
        nargs="+",
        default=[],
        type=budget,
        metavar="calls=N",
        help="compare all arms as if each problem might cost so many calls, tokens, dollars or seconds",
    )
    parser.add_argument("--prompts", action="store_true", help="show the instructions that differ, line by line")
    parser.add_argument(
        "--fail-if-worse",
        type=points_lost,
        metavar="POINTS",
        help="exit with 3 if an arm's difference to the first arm has an interval with a lower end below −POINTS",
    )
    run_command(parser, _compare)


def budget(text: str) -> tuple[str, float]:
    """Read `calls=5` as the unit and the amount."""
    unit, _, amount = text.partition("=")
    if unit not in UNITS or not amount:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(f'{each}=N' for each in UNITS)}")
    number = float(amount)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError("N must be above 0")
    return unit, number


def _compare(options: argparse.Namespace) -> int | None:
    from eval.rollouts.run_folder import report_of
    from eval.tables.comparison import compare, lower_ends

    print_markdown(
        compare(options.runs, options.arms, options.by, options.budget, options.prompts, options.exclude, options.at)
    )
    if len(options.runs) == 1 and (report := report_of(options.runs[0])):
        say_next(report=report, command=["eval.show", *options.runs])
    else:
        say_next(command=["eval.report", *options.runs])
    if options.fail_if_worse is None:
        return None
    ends = lower_ends(options.runs, options.arms, options.exclude)
    if ends is None:
        print("--fail-if-worse: rollouts are missing, so nothing is decided yet", file=sys.stderr)
        return CHECK_FAILED
    worse = {arm: end for arm, end in ends.items() if end < -options.fail_if_worse}
    for arm, end in worse.items():
        message = f"{arm} may solve {-end:.1f} points less; the limit is {options.fail_if_worse:g}"
        print(f"--fail-if-worse: {one_line(message)}", file=sys.stderr)
    return CHECK_FAILED if worse else None


if __name__ == "__main__":
    main()
