"""Compare arms of stored runs, paired by problem: `python -m eval.compare RUN RUN…`."""

from __future__ import annotations

import argparse
from pathlib import Path

from program.command import run_command


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m eval.compare", description="Compare evaluated programs, paired by problem."
    )
    parser.add_argument(
        "runs", nargs="+", type=Path, help="folders written by eval.run; the first arm is the one compared with"
    )
    parser.add_argument("--arms", nargs="+", help="only these arms, in this order")
    options = parser.parse_args()

    from eval.comparison import compare
    from eval.run_folder import RunError

    run_command(lambda: print(compare(options.runs, options.arms)), RunError)


if __name__ == "__main__":
    main()
