"""Judge many programs in parallel, with a progress line. Each result is yielded as soon as it is known."""

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
    """Yield the result of `examine` for each item in order of completion, so that a caller that stores them loses
    little if it is killed.

    An exception in `examine` ends the judge's current runs, and the remaining items are not begun. A request to stop
    does the same, after a grace period for the running items.

    Args:
        examine: judges an item; called from many threads.
        items: what remains to be done.
        total: of the progress line, including items done before.
        unit: name of one item.
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
