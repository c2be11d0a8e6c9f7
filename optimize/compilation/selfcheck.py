"""What is tried out before the first LM call is paid for."""

from __future__ import annotations

from judge.judge import judge
from judge.verdict import JudgeError, Limits, TestCase

ECHO = "print(int(input()) + 1)\n"


def check_judge() -> str:
    """Judge one right and one wrong answer; gives the name of the protection that programs run under.

    Raises:
        JudgeError: the judge does not work.
    """
    report = judge(ECHO, [TestCase("1\n", "2\n"), TestCase("1\n", "3\n")], Limits())
    verdicts = [result.verdict.value for result in report.results]
    if verdicts != ["AC", "WA"]:
        raise JudgeError(f"the judge does not work here: it says {', '.join(verdicts)} where AC, WA is right")
    return report.isolation
