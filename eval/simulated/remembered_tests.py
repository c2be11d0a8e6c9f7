"""A place to judge that runs each program only once per test, because the simulated LM repeats programs."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from judge.checkers.checker_program import AnyChecker
from judge.judge import judge
from judge.shared import default_pool
from judge.verdict import Limits, Report, TestCase, TestResult, Verdict


class RememberedTests:
    """A `judge.place.Place` in this process; use it with `judging_at`. It stores one result per program and test.

    The judge's own cache has whole reports (`judge.cache`), which are useless if the same programs run on different AI
    tests at every draw.
    """

    def __init__(self) -> None:
        # By program, test, limits and checker: the result and the protection.
        self._results: dict[tuple[str, TestCase, Limits, AnyChecker], tuple[TestResult, str]] = {}
        self._at_work: dict[str, threading.Lock] = {}  # by program
        self._lock = threading.Lock()

    @property
    def workers(self) -> int:
        return default_pool().workers

    def judge(self, program: str, tests: Sequence[TestCase], limits: Limits, **options: Any) -> Report:
        """See `judge.judge.judge`; with `stop_at_failure` tests are always in order."""
        checker: AnyChecker = options["checker"]
        keys = [(program, test, limits, checker) for test in tests]
        with self._lock:
            at_work = self._at_work.setdefault(program, threading.Lock())
        with at_work:
            if missing := list(dict.fromkeys(key for key in keys if key not in self._results)):
                asked = [test for _, test, _, _ in missing]
                report = judge(program, asked, limits, checker=checker, pool=default_pool())
                for key, result in zip(missing, report.results, strict=True):
                    self._results[key] = result, report.isolation
        found, isolation, timeouts = [], "", 0
        for index, key in enumerate(keys):
            result, isolation = self._results[key]
            result = replace(result, index=index)
            shown = options["texts"] or result.verdict is Verdict.CE  # a CE belongs to the program, not to a run
            found.append(result if shown else replace(result, output="", error=""))
            timeouts += result.verdict is Verdict.TLE
            if (options["stop_at_failure"] and not result.passed) or timeouts == options["max_timeouts"]:
                break
        return Report(found, len(tests), isolation, checker.name)

    def close(self) -> None:
        """Does nothing: the pool is shared."""
