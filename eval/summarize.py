"""What a stored run says of each arm in full: `python -m eval.summarize RUN`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eval.options import add_exclude
from program.cli.command import run_command


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.summarize", description="The numbers of a run, arm by arm.")
    parser.add_argument("runs", nargs="+", type=Path, help="folders written by eval.run, over the same data")
    parser.add_argument("--arms", nargs="+", help="only these arms, in this order")
    parser.add_argument(
        "--ai-tests", action="store_true", help="judge the model's tests by the dataset's known programs; takes minutes"
    )
    add_exclude(parser)
    options = parser.parse_args()

    from eval.tables.details import summarize_runs

    run_command(lambda: print(summarize_runs(options.runs, options.arms, options.ai_tests, options.exclude)))


if __name__ == "__main__":
    main()
