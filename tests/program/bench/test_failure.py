"""What a repairing stage is told about a failed test."""

import pytest

from judge.verdict import TestCase, TestResult, Verdict
from program.bench.failure import QUOTED_CHARACTERS, about_source, describe_failure
from program.bench.words import PROGRAM
from program.bench.workbench import Workbench


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.AC], ids=str)
def test_every_failure_is_described(verdict):
    said = describe_failure(
        TestCase("1 2\n", "3\n"), TestResult(verdict, output="4\n", error="Oh dear\n"), "example", "1: x = 2"
    )
    first, *rest = said.splitlines()
    assert first.startswith("The program ")
    shown = ["Input:", "1 2", "Expected output:", "3", "Output of the program:", "4", "Error:", "Oh dear"]
    assert rest == [about_source("example"), *shown, "Last steps of the program:", "1: x = 2"]
    others = [other for other in Verdict if other not in (Verdict.AC, verdict)]
    assert all(
        describe_failure(TestCase("", ""), TestResult(other), "example").splitlines()[0] != first for other in others
    )


def test_what_there_is_not_is_not_described():
    said = describe_failure(TestCase("1\n", "2\n"), TestResult(Verdict.TLE, output=" \n", error="\n"), "example")
    assert "Output of the program" not in said and "Error" not in said and "Last steps" not in said


def test_a_program_that_prints_nothing_is_told_so():
    for silent in ("", " \n"):
        assert describe_failure(TestCase("1", "2"), TestResult(Verdict.WA, output=silent), "example").startswith(
            PROGRAM.nothing
        )
    assert PROGRAM.nothing not in describe_failure(TestCase("1", "2"), TestResult(Verdict.WA, output="3"), "example")
    assert PROGRAM.nothing not in describe_failure(TestCase("1", "2"), TestResult(Verdict.RE, output=""), "example")


def test_long_texts_are_cut():
    long = "".join(f"{number} " for number in range(5000))
    said = describe_failure(TestCase(long, long), TestResult(Verdict.WA, output=long, error=long), "example")
    cut = long.strip()[:QUOTED_CHARACTERS] + " …"
    assert said.count(cut) == 3 and said.endswith(long.strip()[-QUOTED_CHARACTERS:])
    assert len(said) < 5 * QUOTED_CHARACTERS


def test_of_an_error_the_end_is_shown():
    trace = "Traceback (most recent call last):\n" + "  a frame\n" * 30 + "    int(x)\nValueError: bad\n"
    said = describe_failure(TestCase("1", "2"), TestResult(Verdict.RE, error=trace), "example")
    assert said.endswith("Error:\n  a frame\n  a frame\n    int(x)\nValueError: bad")


def test_the_failures_of_real_runs_say_what_happened(double):
    bench = Workbench(double)
    for code, words in (
        ("print(1 / 0)\n", "ZeroDivisionError"),
        ("print(\n", "never closed"),
        ("print(0)\n", "Output of the program:\n0"),
        ("def main():\n    print(2)\n", PROGRAM.nothing),
    ):
        test = double.tests()[0]
        assert words in describe_failure(test, bench.results(code, [test])[0], "example")
