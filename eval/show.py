"""Look at a run in the terminal: `python -m eval.show RUN [PROBLEM]`."""

from __future__ import annotations

import argparse
import shutil
import sys

from eval.options import add_run, command_parser, whole
from program.cli.command import run_command
from program.cli.output import Painter, say_next
from program.cli.shown_markdown import print_fitted, print_markdown
from program.errors import UserError

WIDE = 160  # columns for two programs where the terminal's width is not known


def main() -> None:
    parser = command_parser("show", "Show a stored run, or what happened on one of its problems.")
    add_run(parser)
    parser.add_argument("problem", nargs="?", help="a problem's name, or the beginning of it")
    parser.add_argument("--arm", help="only this program")
    parser.add_argument("--sample", type=whole(0), help="only this sample, counted from 0")
    more = parser.add_mutually_exclusive_group()
    more.add_argument("--failed", action="store_true", help="the traces of all rollouts that failed")
    more.add_argument("--all", action="store_true", help="the traces of all rollouts (default: one that failed)")
    more.add_argument(
        "--side-by-side", nargs=2, metavar="ARM", help="two programs in two columns; --sample chooses the sample"
    )
    parser.add_argument("--prompts", action="store_true", help="show prompts too")
    run_command(parser, _show)


def _show(options: argparse.Namespace) -> None:
    from eval.rollouts.run_folder import report_of
    from eval.terminal.show_problem import problem_stories, run_overview, side_by_side

    paint = Painter(sys.stdout)
    choosing = ("arm", "sample", "failed", "all", "side_by_side", "prompts")
    failed = None
    if options.problem is None:
        given = [
            each for each in choosing if getattr(options, each) is not None and getattr(options, each) is not False
        ]
        if given:
            raise UserError(f"--{given[0].replace('_', '-')} chooses among the rollouts of a problem: name a problem")
        text, failed = run_overview(options.run, paint, options.exclude)
        print_markdown(text)
    elif options.side_by_side:
        if options.arm or options.prompts:
            raise UserError("--side-by-side takes no --arm and shows no prompts")
        width = shutil.get_terminal_size((WIDE, 24)).columns
        asked = (options.run, options.problem, options.side_by_side, paint, width)
        print(side_by_side(*asked, sample=options.sample or 0, exclude=options.exclude))
    else:
        shown = "failed" if options.failed else "all" if options.all else "one"
        chosen = {"arm": options.arm, "sample": options.sample, "prompts": options.prompts, "exclude": options.exclude}
        print_fitted(problem_stories(options.run, options.problem, paint, shown=shown, **chosen))
    say_next(report=report_of(options.run), command=["eval.show", options.run, failed] if failed else [])


if __name__ == "__main__":
    main()
