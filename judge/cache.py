"""A cache of reports: a program is not run again on the same tests under the same rules."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from judge.verdict import Limits, Report

DEFAULT_BYTES = 64 * 2**20
_REPORT_BYTES = 500  # approximate size of a result without its texts


class VerdictCache:
    """An LRU cache of reports, bounded to `max_bytes` of outputs and error texts. Thread-safe.

    Attributes:
        hits: the number of cache hits.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._reports: OrderedDict[str, Report] = OrderedDict()
        self._bytes = 0
        self.hits = 0

    @staticmethod
    def key(program: str, tests: str, limits: Limits, checker: str, options: tuple[bool | int | None, ...]) -> str:
        """The cache key. `tests` is the fingerprint of the test set; `options` are the other settings that matter."""
        words = "\0".join([tests, repr(limits), checker, str(options), program])
        return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()

    def get(self, key: str) -> Report | None:
        with self._lock:
            report = self._reports.get(key)
            if report is not None:
                self.hits += 1
                self._reports.move_to_end(key)
            return report

    def put(self, key: str, report: Report) -> None:
        """Store a report, unless it takes more than a quarter of the cache."""
        size = _size(report)
        if size > self._max_bytes // 4:
            return
        with self._lock:
            old = self._reports.pop(key, None)
            self._bytes += size - (_size(old) if old else 0)
            self._reports[key] = report
            while self._bytes > self._max_bytes:
                _, dropped = self._reports.popitem(last=False)
                self._bytes -= _size(dropped)


def _size(report: Report) -> int:
    return sum(_REPORT_BYTES + len(result.output) + len(result.error) for result in report.results)


_default: VerdictCache | None = None


def set_default_cache(cache: VerdictCache | None) -> None:
    """Set the cache that `judge` uses when it gets none. None disables caching."""
    global _default
    _default = cache


def default_cache() -> VerdictCache | None:
    return _default


@contextmanager
def reports_in(cache: VerdictCache) -> Iterator[None]:
    """Make `cache` the default inside the block."""
    before = default_cache()
    set_default_cache(cache)
    try:
        yield
    finally:
        set_default_cache(before)
