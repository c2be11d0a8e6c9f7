"""Look at a run in the terminal: `python -m eval.show RUN [PROBLEM]`."""

from __future__ import annotations

import argparse
import sys

from eval.options import add_run, command_parser, whole
from program.cli.command import run_command
from program.cli.output import Painter
from program.errors import UserError


def main() -> None:
    parser = command_parser("show", "Show a stored run, or what happened on one of its problems.")
    add_run(parser)
    parser.add_argument("problem", nargs="?", help="the name of a problem, or how it begins")
    parser.add_argument("--arm", help="only this program")
    parser.add_argument("--sample", type=whole(0), help="only this sample, counted from 0")
    parser.add_argument("--prompts", action="store_true", help="show prompts too")
    run_command(parser, _show)


def _show(options: argparse.Namespace) -> None:
    from eval.terminal.show_problem import problem_stories, run_overview

    paint = Painter(sys.stdout)
    if options.problem is None:
        if options.arm is not None or options.sample is not None or options.prompts:
            raise UserError("--arm, --sample and --prompts choose among the rollouts of a problem; name one")
        print(run_overview(options.run, paint, options.exclude))
        return
    chosen = {"arm": options.arm, "sample": options.sample, "prompts": options.prompts, "exclude": options.exclude}
    print(problem_stories(options.run, options.problem, paint, **chosen))


if __name__ == "__main__":
    main()
