"""The order of tests when judging stops at the first failure."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence

from judge.fingerprint import fingerprint
from judge.verdict import TestCase

_REMEMBERED = 4096  # number of test sets


def fingerprint_of(tests: Sequence[TestCase]) -> str:
    """A hash of a list of tests: inputs, outputs and their order."""
    return fingerprint(text for test in tests for text in (test.input, test.output))


class FailureHistory:
    """Remembers which tests of each test set have failed so far. Thread-safe.

    Programs for one problem tend to fail on the same tests. Tests that failed most often run first, then the others in
    the given order. Data sets put the statement's examples first; these are small and often fail. For wrong programs on
    the shared data, smallest first runs four times as many tests, and largest first takes a third more CPU time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, Counter[int]] = OrderedDict()

    def add(self, key: str, index: int) -> None:
        """Record that a program failed test `index` of the set with this fingerprint."""
        with self._lock:
            self._failures.setdefault(key, Counter())[index] += 1
            self._failures.move_to_end(key)
            while len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)

    def order(self, key: str, tests: Sequence[TestCase]) -> list[int]:
        """The indices of `tests`, the likeliest to fail first."""
        with self._lock:
            seen = dict(self._failures.get(key, ()))
        return sorted(range(len(tests)), key=lambda index: (-seen.get(index, 0), index))
