"""Judge existing programs: `python -m eval.judge --data D --solutions FILE --out OUT.jsonl`.

With `--run RUN` instead of `--out` they become the rollouts of a run that `eval.compare` reads.
"""

from __future__ import annotations

import argparse

from eval.options import add_checker, add_data, add_executor, add_sandbox, add_selection, command_parser, path_name
from program.cli.command import run_command


def main() -> None:
    parser = command_parser("judge", "Judge given programs on all tests.")
    parser.add_argument(
        "--solutions",
        required=True,
        type=path_name,
        help="JSON lines with name, solution and maybe correct, or samples of LiveCodeBench, evalplus or AlphaCodium",
    )
    add_data(parser)
    add_selection(parser)
    add_checker(parser)
    add_sandbox(parser)
    add_executor(parser)
    parser.add_argument("--full", action="store_true", help="run all tests of a program, also after one fails")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=path_name, help="JSON lines, one per program; the same command resumes it")
    where.add_argument("--run", type=path_name, help="a run folder for eval.compare; the same command resumes it")
    parser.add_argument(
        "--arm-field", metavar="FIELD", help="the field of a line that names its arm (default: one arm for all)"
    )
    parser.add_argument(
        "--missing",
        choices=("leave-out", "failed"),
        default="leave-out",
        help="leave selected problems without a program out of an arm's rates, or count them as failed",
    )
    run_command(parser, _judge)


def _judge(options: argparse.Namespace) -> None:
    from eval.given.judged_programs import judge_solutions

    judge_solutions(options)


if __name__ == "__main__":
    main()
