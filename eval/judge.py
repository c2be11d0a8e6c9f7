"""Judge programs that are there already: `python -m eval.judge --data D --solutions FILE.jsonl --out OUT.jsonl`."""

from __future__ import annotations

import argparse
from pathlib import Path

from program.command import run_command


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.judge", description="Judge given programs on all tests.")
    parser.add_argument(
        "--data", default="pack", help="pack, a hub name, a local folder in its layout, or a JSON problem"
    )
    parser.add_argument("--split", default="test")
    parser.add_argument(
        "--solutions", required=True, type=Path, help="JSON lines with name, solution and maybe correct"
    )
    parser.add_argument("--exclude", type=Path, help="without the problems this file names (see eval.audit)")
    parser.add_argument("--checker", choices=("strict", "deepmind"), default="strict", help="(default: %(default)s)")
    parser.add_argument("--full", action="store_true", help="run all tests of a program, also after one has failed")
    parser.add_argument(
        "--sandbox", choices=("require", "prefer", "off"), default="prefer", help="(default: %(default)s)"
    )
    parser.add_argument("--out", required=True, type=Path, help="JSON lines; an interrupted run goes on there")
    options = parser.parse_args()

    from eval.data import DataError
    from eval.judging import SolutionsError, judge_solutions

    run_command(lambda: judge_solutions(options), DataError, SolutionsError)


if __name__ == "__main__":
    main()
