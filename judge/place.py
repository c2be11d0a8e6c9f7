"""Where programs are judged: in this process, or somewhere else, such as on the nodes of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from judge.verdict import Limits, Report, TestCase


class Place(Protocol):
    """Another place than this process. Safe for many threads at once."""

    @property
    def workers(self) -> int:
        """How many programs should be handed in at once, so that nobody there is idle."""
        ...

    def judge(self, program: str, tests: Sequence[TestCase], limits: Limits, **options: Any) -> Report:
        """The report, as `judge.judge.judge` gives it, of whose options all come but where to run and what to keep.

        Raises:
            JudgeError: the judge failed, so there is no verdict.
        """
        ...

    def close(self) -> None:
        """End every run under way; nothing is judged here any more."""
        ...


_default: Place | None = None


@contextmanager
def judging_at(place: Place) -> Iterator[None]:
    """Inside of the block, in all threads, programs are judged at `place` where no pool is named."""
    global _default
    before, _default = _default, place
    try:
        yield
    finally:
        _default = before


def default_place() -> Place | None:
    """The place of everybody who names no pool; None for this process."""
    return _default
