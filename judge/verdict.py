"""What the judge is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """The verdict on one test or on one program, in the abbreviations contest judges use."""

    AC = "AC"  # accepted
    WA = "WA"  # wrong answer
    TLE = "TLE"  # time limit exceeded
    MLE = "MLE"  # memory limit exceeded
    OLE = "OLE"  # output limit exceeded
    RE = "RE"  # runtime error: an uncaught exception, a signal or a non-zero exit status
    CE = "CE"  # compilation error: the program is not valid Python


# A program gets the verdict of the first kind in this list that any of its tests got: what says most about why the
# program is wrong comes first. On one test: CE, OLE, TLE, MLE, RE, then WA or AC.
PRECEDENCE = (Verdict.CE, Verdict.RE, Verdict.MLE, Verdict.TLE, Verdict.OLE, Verdict.WA, Verdict.AC)


@dataclass(frozen=True)
class TestCase:
    """One test: what goes to standard input and what a right program prints."""

    __test__ = False  # not a pytest class

    input: str
    output: str


@dataclass(frozen=True)
class Limits:
    """What one run of a program may use."""

    seconds: float = 2.0  # CPU time; the wall clock allows `wall_factor` times that
    memory_bytes: int = 256 * 2**20
    output_bytes: int = 16 * 2**20
    wall_factor: float = 3.0

    @property
    def wall_seconds(self) -> float:
        """Seconds of wall-clock time after which a run is stopped whatever its CPU time."""
        return self.seconds * self.wall_factor + 1.0


@dataclass(frozen=True)
class TestResult:
    """What happened on one test."""

    __test__ = False

    verdict: Verdict
    output: str = ""  # what the program printed, cut at the output limit
    error: str = ""  # the end of standard error
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    index: int = 0  # the test's place in the list that was handed in
    peak_bytes: int = 0  # resident memory at most; 0 where it is not known

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.AC

    @property
    def crashed(self) -> bool:
        """Whether the run was ended before its time, so that its output says little."""
        return self.verdict not in (Verdict.AC, Verdict.WA)


@dataclass(frozen=True)
class Report:
    """The results of one program on a list of tests, in the order they were run: that of the tests, or, when a
    first failure was looked for, the likeliest to fail first; each result has its test's `index`.

    With `stop_at_failure` the list ends at the first failure, with `max_timeouts` at the last of so many that ran out
    of time, so `len(results) <= total`. Tests that are left out are not passed.
    """

    results: list[TestResult] = field(default_factory=list)
    total: int = 0
    isolation: str = ""  # the name of the protection the program ran under
    checker: str = ""  # the name of the rule by which outputs were compared
    retries: int = 0  # runs that were repeated because the judge lost a process of its own

    @property
    def verdict(self) -> Verdict:
        """The deciding verdict by `PRECEDENCE`; AC when there was nothing to fail."""
        seen = {result.verdict for result in self.results}
        return next((verdict for verdict in PRECEDENCE if verdict in seen), Verdict.AC)

    @property
    def passed(self) -> int:
        """The number of tests passed."""
        return sum(result.passed for result in self.results)

    @property
    def all_passed(self) -> bool:
        return self.passed == self.total


class JudgeError(RuntimeError):
    """The judge itself failed: the program was not judged, which is no verdict."""
