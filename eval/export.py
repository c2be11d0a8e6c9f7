"""Export a run, one row a rollout: `python -m eval.export RUN --format csv --out FILE`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.options import add_exclude
from program.cli.command import run_command


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.export", description="Write a run as a table.")
    parser.add_argument("run", type=Path, help="a folder written by eval.run")
    parser.add_argument("--format", choices=("csv", "json", "markdown"), default="csv", help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="the file (default: standard output)")
    add_exclude(parser)
    options = parser.parse_args()

    from eval.errors import RunError
    from eval.given.exporting import export

    def write() -> None:
        text = export(options.run, options.format, options.exclude)
        if options.out is None:
            sys.stdout.write(text)
            return
        try:
            options.out.write_text(text, encoding="utf-8")
        except OSError as fault:
            raise RunError(f"{options.out}: {fault.strerror}") from fault

    run_command(write)


if __name__ == "__main__":
    main()
