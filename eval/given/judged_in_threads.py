"""Many programs judged side by side, with a progress bar; what was found of each comes as soon as it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from tqdm import tqdm

from judge.shared import default_workers, ended_on_error
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
        total: of the bar, with what was done before.
        unit: of the bar.
    """

    def one(item: Item) -> Found:
        check()
        return examine(item)

    with (
        graceful(),
        ThreadPoolExecutor(default_workers()) as threads,
        ended_on_error(),
        tqdm(total=total, initial=total - len(items), unit=unit, mininterval=2) as bar,
    ):
        futures = [threads.submit(one, item) for item in items]
        try:
            for future in as_completed(futures):
                if isinstance(future.exception(), Interrupted):
                    continue
                yield future.result()
                bar.update()
        finally:
            for future in futures:
                future.cancel()
