"""Judge programs that are there already: `python -m eval.judge --data D --solutions FILE --out OUT.jsonl`.

With `--run RUN` in place of `--out` they become the rollouts of a run that `eval.compare` takes.
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
    parser.add_argument("--full", action="store_true", help="run all tests of a program, also after one has failed")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=path_name, help="JSON lines, one a program; an interrupted run goes on there")
    where.add_argument("--run", type=path_name, help="a run folder for eval.compare; an interrupted run goes on there")
    parser.add_argument(
        "--arm-field", metavar="FIELD", help="of the lines, tells the arms of the run (default: one arm)"
    )
    parser.add_argument(
        "--missing",
        choices=("leave-out", "failed"),
        default="leave-out",
        help="selected problems that an arm has no program for are left out of its rates, or count as failed",
    )
    run_command(parser, _judge)


def _judge(options: argparse.Namespace) -> None:
    from eval.given.judged_programs import judge_solutions

    judge_solutions(options)


if __name__ == "__main__":
    main()
