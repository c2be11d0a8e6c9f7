"""A checker that comes with a problem: a program that decides whether an output is right, if several outputs are.

There are two protocols:

`testlib`: `checker input output answer`, where `answer` is the expected output. Exit status 0: right; 1, 2, 4, 8 (wrong
answer, presentation error, too much output, too little output): wrong; 7 (points): wrong, because partial points are
not a solution.

`kattis`: `checker input answer feedback_folder FLAGS < output`. Exit status 42: right; 43: wrong.

Any other exit status, a signal, or an exceeded limit is a failure of the checker itself. Then there is no verdict.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from judge.checker import Checker
from judge.checkers.token_checker import TokenChecker
from judge.sandbox.process import PlainRun
from judge.verdict import FaultyProblem, Limits

Protocol = Literal["testlib", "kattis"]
Language = Literal["python", "c++"]

CHECKER_LIMITS = Limits(seconds=10.0, memory_bytes=2**30, output_bytes=8 * 2**20)
RIGHT: dict[Protocol, int] = {"testlib": 0, "kattis": 42}
WRONG: dict[Protocol, tuple[int, ...]] = {"testlib": (1, 2, 4, 7, 8), "kattis": (43,)}
# The only statement that must come first in a file.
FUTURE = re.compile(r"^from __future__ import (?:\([^()]*\)|.*)$", re.MULTILINE)
_SAID = 300  # maximum characters of a failed checker's output in a message


@dataclass(frozen=True)
class CheckerProgram:
    """A checker as source text.

    Attributes:
        files: names and texts; one file for Python; for C++ all sources are compiled together.
        flags: further arguments for the protocol `kattis`.
        limits: for one output.
    """

    language: Language
    protocol: Protocol
    files: tuple[tuple[str, str], ...] = field(repr=False)
    flags: tuple[str, ...] = ()
    limits: Limits = CHECKER_LIMITS

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything that affects its decisions."""
        parts = repr((self.language, self.protocol, self.files, self.flags, self.limits))
        return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def name(self) -> str:
        """The name in reports: "testlib c++ 0123456789ab"."""
        return f"{self.protocol} {self.language} {self.fingerprint[:12]}"

    @property
    def needs_success(self) -> bool:
        """Whether a program with a non-zero exit status fails, whatever it printed."""
        return True

    def said(self, run: PlainRun) -> bool:
        """Whether the output is right, according to the finished run of this checker.

        Raises:
            FaultyProblem: the checker failed, so there is no verdict.
        """
        if run.timed_out or run.cpu_seconds > self.limits.seconds:
            raise FaultyProblem(f"the problem's checker ({self.name}) ran out of time")
        if run.output_exceeded:
            raise FaultyProblem(f"the problem's checker ({self.name}) printed too much")
        if run.memory_exceeded or run.peak_bytes > self.limits.memory_bytes:
            raise FaultyProblem(f"the problem's checker ({self.name}) ran out of memory")
        if run.exit_status == RIGHT[self.protocol]:
            return True
        if run.exit_status in WRONG[self.protocol]:
            return False
        fault = FaultyProblem(f"the problem's checker ({self.name}) ended with status {run.exit_status}")
        fault.said = " ".join(run.error.split())[-_SAID:]
        raise fault


AnyChecker = Checker | TokenChecker | CheckerProgram


def needs_testlib(checker: AnyChecker) -> bool:
    """Whether its sources include `testlib.h` without bringing it."""
    if not isinstance(checker, CheckerProgram) or checker.language != "c++":
        return False
    files = dict(checker.files)
    return "testlib.h" not in files and any("testlib.h" in text for text in files.values())
