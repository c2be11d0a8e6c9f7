"""The inputs and results of the judge."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """The verdict on one test or on one program, in the usual abbreviations of contest judges."""

    AC = "AC"  # accepted
    WA = "WA"  # wrong answer
    TLE = "TLE"  # time limit exceeded
    MLE = "MLE"  # memory limit exceeded
    OLE = "OLE"  # output limit exceeded
    RE = "RE"  # runtime error: an uncaught exception, a signal or a non-zero exit status
    CE = "CE"  # compilation error: the program is not valid Python


# The verdict of a program is the first one in this list that any of its tests got. The first entries say most about why
# a program is wrong. For a single test the order is: CE, OLE, TLE, MLE, RE, then WA or AC.
PRECEDENCE = (Verdict.CE, Verdict.RE, Verdict.MLE, Verdict.TLE, Verdict.OLE, Verdict.WA, Verdict.AC)


@dataclass(frozen=True)
class TestCase:
    """One test: the standard input and the expected output."""

    __test__ = False  # not a pytest class

    input: str
    output: str


@dataclass(frozen=True)
class Limits:
    """The resource limits of one run."""

    seconds: float = 2.0  # CPU time; the wall-clock limit is `wall_factor` times this
    memory_bytes: int = 256 * 2**20
    output_bytes: int = 16 * 2**20
    wall_factor: float = 3.0

    @property
    def wall_seconds(self) -> float:
        """The wall-clock limit of a run in seconds, whatever its CPU time."""
        return self.seconds * self.wall_factor + 1.0


@dataclass(frozen=True)
class TestResult:
    """The result of one test."""

    __test__ = False

    verdict: Verdict
    output: str = ""  # what the program printed, cut at the output limit
    error: str = ""  # the end of standard error
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    index: int = 0  # the test's position in the given list
    peak_bytes: int = 0  # peak resident memory; 0 if unknown

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.AC

    @property
    def crashed(self) -> bool:
        """Whether the run ended early, so that its output says little."""
        return self.verdict not in (Verdict.AC, Verdict.WA)


@dataclass(frozen=True)
class Report:
    """The results of one program on a list of tests, in the order of execution. That is the order of the tests, or,
    with `stop_at_failure`, the likeliest to fail first. The `index` of each result names its test.

    With `stop_at_failure` the list ends at the first failure; with `max_timeouts` it ends at the last allowed timeout.
    So `len(results) <= total`. Skipped tests do not count as passed.
    """

    results: list[TestResult] = field(default_factory=list)
    total: int = 0
    isolation: str = ""  # the name of the sandbox that the program ran in
    checker: str = ""  # the name of the comparison rule
    retries: int = 0  # runs that were repeated because the judge lost one of its own processes

    def as_json(self) -> str:
        """The report as text; `of_json` is the inverse."""
        return json.dumps(asdict(self))

    @classmethod
    def of_json(cls, text: str) -> Report:
        """The report from a text of `as_json`.

        Raises:
            ValueError, TypeError, KeyError: it is none.
        """
        values = json.loads(text)
        results = [TestResult(**{**each, "verdict": Verdict(each["verdict"])}) for each in values.pop("results")]
        return cls(results, **values)

    @property
    def verdict(self) -> Verdict:
        """The verdict by `PRECEDENCE`; AC if there was no test."""
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
    """The judge itself failed. The program was not judged: this is not a verdict."""


class FaultyProblem(JudgeError):
    """A test or the checker of the problem is faulty. Judging the program again would change nothing.

    Attributes:
        said: what the checker printed. It may show hidden tests, so it is not part of the message.
    """

    said: str = ""
