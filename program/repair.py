"""The run-and-fix loop with test anchors (AlphaCodium, section 3.2, "test anchors").

A test the current program passes becomes an anchor. A fix is kept only if it gets further on the failing test and
breaks no anchor; so a wrong AI test may cost a call, but not a right program.
"""

from __future__ import annotations

from collections.abc import Sequence

from judge.verdict import TestCase, TestResult, Verdict
from program.account import account
from program.stage import Stage
from program.workbench import Workbench

SHOWN_CHARACTERS = 400  # of each input and output in a failure report
CRASHES = (Verdict.RE, Verdict.CE, Verdict.TLE, Verdict.MLE, Verdict.OLE)


class Repairer:
    """Repairs programs of one rollout; the anchors live as long as it does."""

    def __init__(self, bench: Workbench, fix: Stage, sample: int, problem_text: str) -> None:
        self.bench = bench
        self.anchors: list[TestCase] = []
        self._fix = fix
        self._sample = sample
        self._text = problem_text
        self._calls = 0

    def run(self, code: str, tests: Sequence[TestCase], fixes_per_test: int, fixes: int) -> str:
        """Go through `tests`, fixing `code` where it fails, and return the last program that was kept.

        Args:
            code: the program to begin with; an empty one is returned as it is.
            tests: in the order they are taken up.
            fixes_per_test: calls for one failing test.
            fixes: calls for all of them together.
        """
        if not code:
            return code
        self._anchor(code, tests)
        left = fixes
        for test in tests:
            for _ in range(fixes_per_test):
                result = self.bench.results(code, [test])[0]
                if result.passed or left == 0:
                    break
                left -= 1
                code = self._try_fix(code, test, result)
            self._anchor(code, [test])
        self._anchor(code, tests)  # a fix for one test may have mended others
        return code

    def _anchor(self, code: str, tests: Sequence[TestCase]) -> None:
        passed = [test for test in tests if test not in self.anchors and self.bench.passes(code, [test])]
        self.anchors.extend(dict.fromkeys(passed))

    def _try_fix(self, code: str, test: TestCase, result: TestResult) -> str:
        """One fix of `code` for `test`: the fixed program if it is kept, else `code`."""
        failure = describe_failure(test, result)
        answer = self._fix(self._sample, self._calls, problem=self._text, code=code, failure=failure)
        self._calls += 1
        if answer is None:
            return code
        fixed = answer.fixed_code
        if fixed.strip() == code.strip():
            account().decide("fix: the same program again")
            return code
        now = self.bench.results(fixed, [test])[0]
        further = now.passed or (result.verdict in CRASHES and now.verdict is Verdict.WA)
        if not further:
            account().decide(f"fix reverted: {result.verdict} became {now.verdict}")
            return code
        if not self.bench.passes(fixed, self.anchors):
            account().decide("fix reverted: it breaks an anchor")
            return code
        account().decide(f"fix kept: {result.verdict} became {now.verdict}")
        return fixed


def describe_failure(test: TestCase, result: TestResult) -> str:
    """What the fixing stage is told about one failed test."""
    said = {
        Verdict.WA: "The program prints a wrong answer.",
        Verdict.RE: "The program stops with an error.",
        Verdict.CE: "The program is not valid Python.",
        Verdict.TLE: "The program takes too long.",
        Verdict.MLE: "The program uses too much memory.",
        Verdict.OLE: "The program prints far too much.",
    }[result.verdict]
    parts = [said, f"Input:\n{_cut(test.input)}", f"Expected output:\n{_cut(test.output)}"]
    if result.output.strip():
        parts.append(f"Output of the program:\n{_cut(result.output)}")
    if result.error.strip():
        parts.append(f"Error:\n{_end(result.error)}")
    return "\n".join(parts)


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + " …"


def _end(text: str) -> str:
    """The last lines of an error trace: where it happened and what it was."""
    return "\n".join(text.strip().splitlines()[-4:])[-SHOWN_CHARACTERS:]
