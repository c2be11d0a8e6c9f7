"""The live report of a run: a separate thread writes it again and again."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from eval.data.problem_set import ProblemSet
from eval.report.write import write_report
from eval.rollouts.run_folder import REPORT
from program.cli.output import one_line

LARGEST_SHARE = 0.05  # of the run's time, for writing its report


@contextmanager
def live_report(run: Path, problems: ProblemSet, seconds: float | None) -> Generator[None]:
    """Inside the block, the report of `run` is written every `seconds`, or less often if writing takes long. If a
    report cannot be written, there is a warning and no further report, and the run continues.

    Args:
        run: the folder, with its configuration.
        problems: the data of the run.
        seconds: between two reports; None for no report.
    """
    if seconds is None:
        yield
        return
    ended = Event()
    writer = Thread(target=_write, args=(run, problems, seconds, ended), name="report")
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()


def _write(run: Path, problems: ProblemSet, seconds: float, ended: Event) -> None:
    pause = seconds
    while True:
        began = time.monotonic()
        try:
            write_report([run], run / REPORT, problems, live=pause)
        except Exception as fault:  # noqa: BLE001  the run matters more; its report is written again at the end
            print(f"warning: the live report has stopped: {one_line(str(fault))}", file=sys.stderr)
            return
        pause = max(seconds, (time.monotonic() - began) / LARGEST_SHARE)
        if ended.wait(pause):
            return
