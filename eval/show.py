"""Look at a run in the terminal: `python -m eval.show RUN [PROBLEM]`."""

from __future__ import annotations

import sys

from eval.options import add_run, command_parser
from program.cli.command import run_command


def main() -> None:
    parser = command_parser("show", "Show a stored run, or what happened on one of its problems.")
    add_run(parser)
    parser.add_argument("problem", nargs="?", help="the name of a problem, or how it begins")
    parser.add_argument("--arm", help="only this program")
    parser.add_argument("--sample", type=int, help="only this sample, counted from 0")
    parser.add_argument("--prompts", action="store_true", help="show prompts too")
    options = parser.parse_args()

    from eval.terminal.show_problem import problem_stories, run_overview
    from eval.terminal.text import Painter

    def show() -> None:
        paint = Painter(sys.stdout)
        if options.problem is None:
            print(run_overview(options.run, paint, options.exclude))
            return
        chosen = {"arm": options.arm, "sample": options.sample, "prompts": options.prompts, "exclude": options.exclude}
        print(problem_stories(options.run, options.problem, paint, **chosen))

    run_command(show)


if __name__ == "__main__":
    main()
