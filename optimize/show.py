"""Print an artifact, or the difference between two: `python -m optimize.show ARTIFACT [OTHER]`."""

from __future__ import annotations

import argparse

from eval.options import path_name
from program.cli.command import run_command
from program.cli.folders import ArtifactName
from program.cli.shown_markdown import print_markdown
from program.errors import UserError


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m optimize.show", description="Show an artifact, or the difference between two."
    )
    parser.add_argument("artifact", type=path_name, help="the folder of an artifact")
    parser.add_argument("other", nargs="?", type=path_name, help="show the differences of this artifact from the first")
    parser.add_argument(
        "--prompts", action="store_true", help="show every prompt in full, or its line-by-line difference"
    )
    parser.add_argument("--report", action="store_true", help="why each demonstration was chosen")
    run_command(parser, _show)


def _show(options: argparse.Namespace) -> None:
    for folder in [] if options.report else filter(None, (options.artifact, options.other)):
        ArtifactName.check(folder)
    from optimize.compilation.show_artifact import describe_difference, describe_evidence, describe_program

    if options.other and options.report:
        raise UserError("--report is about one artifact")
    if options.other:
        print_markdown(describe_difference(options.artifact, options.other, options.prompts))
    elif options.report:
        print(describe_evidence(options.artifact))
    else:
        print_markdown(describe_program(options.artifact, prompts=options.prompts))


if __name__ == "__main__":
    main()
