"""What do stages copy from their demonstrations? `python -m benchmarks.prompts.copied_words RUN… [--without ARM]`

Every stored answer to a prompt with demonstrations of other problems is counted (`optimize.job.copying`). The last
column is the baseline: answers of a program without demonstrations that share a run of words with the same
demonstrations.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from eval.rollouts.run_folder import read_config, read_rollouts
from eval.rollouts.trace_files import read_calls
from eval.tables.markdown import NONE, table
from optimize.job.copying import Copying, copied_from, copying_of, demonstrated
from program.cli.command import run_command
from program.rollout.trace import Call

Calls = dict[str, list[Call]]  # by arm


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prompts.copied_words", description="Count answers that copy from demonstrations."
    )
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--without", default="handwritten", help="arm without demonstrations (default: %(default)s)")
    run_command(parser, lambda options: print(counted(options.runs, options.without)))


def counted(runs: list[Path], without: str) -> str:
    """A Markdown table, one row per stage of each arm with demonstrations.

    Args:
        runs: their folders.
        without: the arm without demonstrations, from all runs with the same model.
    """
    calls = {run: _calls_of(run) for run in runs}
    plain: Calls = defaultdict(list)
    for run, arms in calls.items():
        plain[read_config(run)["lm"]] += arms.get(without, [])
    rows = [row for run, arms in calls.items() for arm in arms for row in _rows(run, arm, arms[arm], plain)]
    return table(["run", "arm", "stage", "answers that copy", "without demonstrations"], rows)


def _rows(run: Path, arm: str, calls: list[Call], plain: Calls) -> Iterator[list[str]]:
    for stage, found in copying_of(calls).items():
        shown = dict(enumerate({text for call in calls if call.stage == stage for text in demonstrated(call).values()}))
        asked = plain[read_config(run)["lm"]]
        others = [call for call in asked if call.stage == stage and call.came and not call.repair]
        alike = Copying(answers=len(others), copied=sum(bool(copied_from(call, shown)) for call in others))
        yield [run.name, arm, stage, _said(found), _said(alike)]


def _calls_of(run: Path) -> Calls:
    found: Calls = defaultdict(list)
    for rollout in read_rollouts(run):
        found[rollout.arm] += read_calls(run, *rollout.key())
    return found


def _said(count: Copying) -> str:
    return f"{count.copied} of {count.answers} ({count.share:.0%})" if count.answers else NONE


if __name__ == "__main__":
    main()
