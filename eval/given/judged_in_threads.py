"""Many programs judged side by side, with a line of progress; what was found of each comes as soon as it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from judge.shared import default_workers, ended_on_error
from program.cli.progress_line import ProgressLine
from program.stopping import Interrupted, check, graceful

Item = TypeVar("Item")
Found = TypeVar("Found")


def judged_in_threads(
    examine: Callable[[Item], Found], items: Sequence[Item], *, total: int, unit: str
) -> Iterator[Found]:
    """What `examine` returns for each item, in the order in which they end: whoever stores it loses little to a kill.

    What it raises ends the judge's runs under way; items that were not begun are left. So does a command that is asked
    to stop, after the time that what is in flight gets.

    Args:
        examine: judges something; called from many threads.
        items: what is left to do.
        total: of the line, with what was done before.
        unit: what is counted.
    """

    def one(item: Item) -> Found:
        check()
        return examine(item)

    done = total - len(items)
    with (
        graceful(),
        ThreadPoolExecutor(default_workers()) as threads,
        ended_on_error(),
        ProgressLine(lambda: f"{done} of {total} {unit}s"),
    ):
        futures = [threads.submit(one, item) for item in items]
        try:
            for future in as_completed(futures):
                if isinstance(future.exception(), Interrupted):
                    continue
                yield future.result()
                done += 1
        finally:
            for future in futures:
                future.cancel()
