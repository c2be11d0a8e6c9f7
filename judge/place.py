"""Where programs are judged: in this process or elsewhere, for example on the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from judge.verdict import Limits, Report, TestCase


class Place(Protocol):
    """A place outside this process where programs are judged. Thread-safe."""

    @property
    def workers(self) -> int:
        """How many programs to submit at once to keep all workers there busy."""
        ...

    def judge(self, program: str, tests: Sequence[TestCase], limits: Limits, **options: Any) -> Report:
        """Return the same report as `judge.judge.judge`. `options` are those of `judge`, except `pool` and `cache`.

        Raises:
            JudgeError: the judge failed, so there is no verdict.
        """
        ...

    def close(self) -> None:
        """End all runs in progress. No program is judged here afterwards."""
        ...


_default: Place | None = None


@contextmanager
def judging_at(place: Place) -> Iterator[None]:
    """Inside the block, judge programs at `place` in all threads, unless a pool is passed."""
    global _default
    before, _default = _default, place
    try:
        yield
    finally:
        _default = before


def default_place() -> Place | None:
    """The place used when no pool is passed; None for this process."""
    return _default
