"""Audit a dataset by its own right and wrong programs: `python -m eval.audit --data D --split S`."""

from __future__ import annotations

import argparse
from pathlib import Path

from program.command import run_command


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.audit", description="Find problems whose tests misjudge.")
    parser.add_argument("--data", default="pack", help="pack, a hub name or a local folder in its layout")
    parser.add_argument("--split", default="test")
    parser.add_argument("--exclude", type=Path, help="without the problems this file names (see eval.audit)")
    parser.add_argument("--solutions", type=Path, help="more programs: JSON lines with name, solution and correct")
    parser.add_argument(
        "--programs", type=int, default=5, help="right and wrong ones a problem at most (default: 5 each)"
    )
    parser.add_argument(
        "--sandbox", choices=("require", "prefer", "off"), default="prefer", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("exclude.json"),
        help="the suspects, for --exclude of the other commands (default: %(default)s); an interrupted audit goes on",
    )
    options = parser.parse_args()

    from eval.auditing import audit
    from eval.data import DataError
    from eval.judging import SolutionsError

    run_command(lambda: audit(options), DataError, SolutionsError)


if __name__ == "__main__":
    main()
