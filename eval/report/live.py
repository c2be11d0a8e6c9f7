"""The report while its run goes on: written again and again by a thread of its own."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from eval.data.problem_set import ProblemSet
from eval.report.write import REPORT, write_report
from program.cli.output import one_line

LARGEST_SHARE = 0.05  # of the time that the run takes, for writing its report


@contextmanager
def live_report(run: Path, problems: ProblemSet, seconds: float | None) -> Generator[None]:
    """While this is open, the report of `run` is written every `seconds`, or less often where writing it takes long.
    A report that cannot be written is a warning and the last one: the run goes on.

    Args:
        run: the folder, which holds its configuration already.
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
        except Exception as fault:  # noqa: BLE001  the run is worth more than its report, which is written at its end
            print(f"warning: the report is no longer written: {one_line(str(fault))}", file=sys.stderr)
            return
        pause = max(seconds, (time.monotonic() - began) / LARGEST_SHARE)
        if ended.wait(pause):
            return
