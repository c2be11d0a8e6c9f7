"""Reports that were made before: the same program on the same tests under the same rules is not run again."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from judge.verdict import Limits, Report

DEFAULT_BYTES = 64 * 2**20
_REPORT_BYTES = 500  # about what a result takes beside its texts


class VerdictCache:
    """The most recently used reports, up to `max_bytes` of outputs and error texts. Safe for many threads.

    Attributes:
        hits: how often a report was found.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._reports: OrderedDict[str, Report] = OrderedDict()
        self._bytes = 0
        self.hits = 0

    @staticmethod
    def key(program: str, tests: str, limits: Limits, checker: str, options: tuple[bool | int | None, ...]) -> str:
        """The key of a judgement; `tests` is the test set's fingerprint, `options` are what else decides the report."""
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
        """Keep a report, unless it is too large to be worth it."""
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
    """From now on reports are looked for in `cache`, and kept there, where `judge` is given none; None: nowhere."""
    global _default
    _default = cache


def default_cache() -> VerdictCache | None:
    return _default


@contextmanager
def reports_in(cache: VerdictCache) -> Iterator[None]:
    """Inside of the block `cache` is the default."""
    before = default_cache()
    set_default_cache(cache)
    try:
        yield
    finally:
        set_default_cache(before)
