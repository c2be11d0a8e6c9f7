"""All runs below a folder as one page, with a link to the report of each."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from eval.errors import RunError
from eval.report.html_page import html_page
from eval.report.write import write_report
from eval.rollouts.run_folder import REPORT
from eval.rollouts.stored_arms import StoredArm, data_text, run_config, stored_arms
from eval.tables.summary import summarize
from program.cli.output import counted, one_line
from program.errors import UserError
from program.files import write_whole
from program.rollout.trace import Totals

INDEX = "index.html"  # its name in the folder
SCRIPTS = ("elements", "formats", "verdicts", "plots", "tables", "index")
CONFIG, ROLLOUTS = "config.json", "rollouts.jsonl"


def is_folder_of_runs(folder: Path) -> bool:
    """Whether a folder is not a run but has runs below it."""
    return folder.is_dir() and not (folder / CONFIG).is_file() and next(runs_below(folder), None) is not None


def runs_below(folder: Path) -> Iterator[Path]:
    """The run folders below `folder`, by name, without searching inside a run."""
    for place, folders, files in os.walk(folder):
        if CONFIG in files:
            folders.clear()
            if ROLLOUTS in files:
                yield Path(place)
        folders.sort()


def write_index(folder: Path, out: Path | None = None) -> Path:
    """Write the page, and the report of every run without a report or with newer rollouts.

    Args:
        folder: of runs.
        out: the file; by default `INDEX` in `folder`.

    Returns:
        The file.

    Raises:
        RunError: the file cannot be written.
    """
    out = out or folder / INDEX
    rows, others = [], []
    for run in runs_below(folder):
        name = str(run.relative_to(folder))
        try:
            rows.append({"name": name, **_row(run, out)})
        except UserError as fault:  # one damaged run must not hide the others
            print(f"warning: {one_line(str(fault))}", file=sys.stderr)
            others.append([name, _without_place(str(fault), folder)])
    title = f"{counted(len(rows), 'run')} in {folder.resolve().name}"
    try:
        write_whole(out, html_page(title, SCRIPTS, {"title": title, "runs": rows, "others": others}, {}))
    except OSError as fault:
        raise RunError(f"{out} cannot be written: {fault.strerror}") from fault
    return out


def _row(run: Path, out: Path) -> dict[str, Any]:
    """A run on the page; `eval/report/page/index.js` uses these keys."""
    arms = stored_arms([run])
    config = run_config(run)
    changed = (run / ROLLOUTS).stat().st_mtime
    report = run / REPORT
    if not report.is_file() or report.stat().st_mtime < changed:
        write_report([run], report)
    spent = sum((rollout.totals for arm in arms for rollout in arm.rollouts), Totals())
    return {
        "report": quote(os.path.relpath(report, out.resolve().parent)),
        "lm": config["lm"],
        "data": data_text(config),
        "problems": len(config["problems"]),
        "samples": config["samples"],
        "done": sum(len(arm.rollouts) for arm in arms),
        "missing": sum(arm.missing for arm in arms),
        "dollars": spent.dollars,
        "changed": time.strftime("%Y-%m-%d %H:%M", time.localtime(changed)),
        "arms": [_arm(arm) for arm in arms],
    }


def _arm(arm: StoredArm) -> list[Any]:
    """The arm's name, and its solved share with interval; None if nothing was judged."""
    found = summarize(arm.label, arm.rollouts)
    return [arm.label, [found.solved, *found.solved_interval] if found.problems else None]


def _without_place(said: str, folder: Path) -> str:
    """The text without paths of this machine, because pages are shared."""
    return said.replace(f"{folder}{os.sep}", "").replace(f"{folder.resolve()}{os.sep}", "")
