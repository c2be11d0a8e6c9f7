"""The run-and-fix loop: which fixes are kept, which are reverted, and what it may cost."""

from __future__ import annotations

import dspy
import pytest

from judge.verdict import TestCase, TestResult, Verdict
from program.repair import SHOWN_CHARACTERS, Repairer, describe_failure
from program.scripted_lm import scripted_lm
from program.stage import Stage
from program.workbench import Workbench
from signatures.code import FixCode

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs")

RIGHT = "print(2 * int(input()))\n"
FIRST_ONLY, SECOND_ONLY = "print(2)\n", "print(4)\n"  # right on one of the two public tests
NEVER = "print(0)\n"
CRASHES = {
    Verdict.RE: "raise ValueError\n",
    Verdict.CE: "print(\n",
    Verdict.TLE: "raise TimeoutError\n",
    Verdict.MLE: "raise MemoryError\n",
    Verdict.OLE: "raise BufferError\n",
}


def fix(code: str) -> str:
    return f"mistake: it is wrong\n\n```python\n{code}```"


class Repair:
    """A repairer on the bench of one problem, with the answers of its LM given."""

    def __init__(self, problem, answers, ai_tests=()):
        self.lm = scripted_lm(fix(answer) if answer.endswith("\n") else answer for answer in answers)
        self.bench = Workbench(problem, ai_tests)
        self.repairer = Repairer(self.bench, Stage(FixCode, 100, 0.2, attempts=1), 0, problem.text())

    def run(self, code, tests=None, fixes_per_test=1, fixes=10):
        with dspy.context(lm=self.lm):
            return self.repairer.run(code, self.bench.public if tests is None else tests, fixes_per_test, fixes)

    @property
    def calls(self):
        return len(self.lm.engine.prompts)


def test_a_program_that_passes_is_left_alone_and_its_tests_become_anchors(double, account):
    repair = Repair(double, [])
    assert repair.run(RIGHT) == RIGHT
    assert repair.calls == 0 and repair.repairer.anchors == double.tests() and not account.decisions


def test_a_fix_that_passes_is_kept(double, account):
    repair = Repair(double, [RIGHT])
    assert repair.run(FIRST_ONLY) == RIGHT
    assert account.decisions == ["fix kept: WA became AC"]
    assert repair.calls == 1 and repair.repairer.anchors == double.tests()


def test_the_lm_is_shown_problem_program_and_failure(double):
    repair = Repair(double, [RIGHT])
    repair.run(FIRST_ONLY)
    (prompt,) = repair.lm.engine.prompts
    result = repair.bench.results(FIRST_ONLY, double.tests()[1:])[0]
    for shown in (double.text(), FIRST_ONLY.strip(), describe_failure(double.tests()[1], result)):
        assert shown in prompt


@pytest.mark.parametrize("crash", CRASHES, ids=str)
def test_from_a_crash_to_a_wrong_answer_is_progress(double, account, crash):
    assert Repair(double, [NEVER]).run(CRASHES[crash], double.tests()[:1]) == NEVER
    assert account.decisions == [f"fix kept: {crash} became WA"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (NEVER, "print(1)\n"),
        (NEVER, CRASHES[Verdict.RE]),
        (NEVER, CRASHES[Verdict.CE]),
        (CRASHES[Verdict.RE], CRASHES[Verdict.TLE]),
        (CRASHES[Verdict.CE], "raise KeyError\n"),
    ],
)
def test_a_fix_that_gets_no_further_is_reverted(double, account, before, after):
    repair = Repair(double, [after])
    test = double.tests()[:1]
    assert repair.run(before, test) == before
    was, now = (repair.bench.results(code, test)[0].verdict for code in (before, after))
    assert account.decisions == [f"fix reverted: {was} became {now}"]


def test_a_fix_that_breaks_an_anchor_is_reverted(double, account):
    repair = Repair(double, [SECOND_ONLY])
    assert repair.run(FIRST_ONLY) == FIRST_ONLY
    assert account.decisions == ["fix reverted: it breaks an anchor"]
    assert repair.repairer.anchors == double.tests()[:1]


def test_a_crash_mended_at_the_cost_of_an_anchor_is_reverted(double, account):
    crashes_on_two = "n = int(input())\nassert n != 2\nprint(2)\n"
    assert Repair(double, [NEVER]).run(crashes_on_two) == crashes_on_two
    assert account.decisions == ["fix reverted: it breaks an anchor"]


def test_anchors_last_from_one_run_to_the_next(double, account):
    wrong_test = TestCase("3\n", "7\n")
    repair = Repair(double, ["print(7)\n"], [wrong_test])
    assert repair.run(repair.run(RIGHT), repair.bench.ai) == RIGHT
    assert account.decisions == ["fix reverted: it breaks an anchor"]
    assert wrong_test not in repair.repairer.anchors


def test_a_test_that_a_later_fix_makes_pass_becomes_an_anchor_too(double):
    repair = Repair(double, [NEVER, RIGHT])
    repair.run("print(1)\n")  # fails both; the fix for the first is no good, that for the second mends both
    assert repair.repairer.bench.passes_all_public(RIGHT)
    assert set(repair.repairer.anchors) == set(double.tests())


def test_the_same_program_again_is_not_run_and_changes_nothing(double, account, runs):
    repair = Repair(double, ["\n" + NEVER + "\n\n"])
    assert repair.run(NEVER, double.tests()[:1]) == NEVER
    assert account.decisions == ["fix: the same program again"]
    assert len(runs) == 1


def test_an_answer_without_a_program_costs_a_fix(double, account):
    repair = Repair(double, ["I do not know.", RIGHT])
    assert repair.run(FIRST_ONLY, fixes_per_test=2) == RIGHT
    assert account.decisions == ["FixCode: given up after 1 calls", "fix kept: WA became AC"]
    assert Repair(double, ["I do not know."]).run(FIRST_ONLY) == FIRST_ONLY


def test_a_fix_that_is_kept_is_what_the_next_fix_begins_with(double):
    repair = Repair(double, [NEVER, RIGHT])
    assert repair.run(CRASHES[Verdict.RE], fixes_per_test=2) == RIGHT
    assert NEVER.strip() in repair.lm.engine.prompts[1] and "wrong answer" in repair.lm.engine.prompts[1]


@pytest.mark.parametrize(
    ("fixes_per_test", "fixes", "calls"), [(1, 9, 2), (3, 9, 6), (3, 4, 4), (2, 1, 1), (0, 9, 0), (3, 0, 0)]
)
def test_calls_stay_within_both_budgets(double, fixes_per_test, fixes, calls):
    repair = Repair(double, [f"print(-{number})\n" for number in range(1, 20)])
    assert repair.run(NEVER, fixes_per_test=fixes_per_test, fixes=fixes) == NEVER
    assert repair.calls == calls


def test_a_test_that_passes_gives_its_fixes_to_the_next(double):
    repair = Repair(double, [FIRST_ONLY, "print(-1)\n", RIGHT])
    assert repair.run(NEVER, fixes_per_test=3, fixes=3) == RIGHT
    assert repair.calls == 3


def test_without_a_program_there_is_nothing_to_fix(double, runs):
    repair = Repair(double, [])
    assert repair.run("") == "" and repair.calls == 0 and not runs


def test_without_tests_there_is_nothing_to_fix(double):
    repair = Repair(double, [])
    assert repair.run(NEVER, []) == NEVER and repair.calls == 0


def test_every_fix_is_another_draw(double):
    repair = Repair(double, [NEVER] * 4)
    repair.run(NEVER, fixes_per_test=2)
    drawn = [entry["kwargs"].get("rollout_id") for entry in repair.lm.history]
    assert len(set(drawn)) == 4


def test_the_first_fix_is_asked_for_at_the_stages_own_temperature(double):
    repair = Repair(double, [RIGHT])
    repair.run(NEVER)
    assert [entry["kwargs"]["temperature"] for entry in repair.lm.history] == [0.2]


# What the fixing stage is told


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.AC], ids=str)
def test_every_failure_is_described(verdict):
    said = describe_failure(TestCase("1 2\n", "3\n"), TestResult(verdict, output="4\n", error="Oh dear\n"))
    first, *rest = said.splitlines()
    assert first.startswith("The program ")
    assert rest == ["Input:", "1 2", "Expected output:", "3", "Output of the program:", "4", "Error:", "Oh dear"]
    others = [other for other in Verdict if other not in (Verdict.AC, verdict)]
    assert all(describe_failure(TestCase("", ""), TestResult(other)).splitlines()[0] != first for other in others)


def test_what_there_is_not_is_not_described():
    said = describe_failure(TestCase("1\n", "2\n"), TestResult(Verdict.TLE, output=" \n", error="\n"))
    assert "Output of the program" not in said and "Error" not in said


def test_long_texts_are_cut():
    long = "".join(f"{number} " for number in range(5000))
    said = describe_failure(TestCase(long, long), TestResult(Verdict.WA, output=long, error=long))
    cut = long.strip()[:SHOWN_CHARACTERS] + " …"
    assert said.count(cut) == 3 and said.endswith(long.strip()[-SHOWN_CHARACTERS:])
    assert len(said) < 5 * SHOWN_CHARACTERS


def test_of_an_error_the_end_is_shown():
    trace = "Traceback (most recent call last):\n" + "  a frame\n" * 30 + "    int(x)\nValueError: bad\n"
    said = describe_failure(TestCase("1", "2"), TestResult(Verdict.RE, error=trace))
    assert said.endswith("Error:\n  a frame\n  a frame\n    int(x)\nValueError: bad")


def test_the_failures_of_real_runs_say_what_happened(double, monkeypatch):
    monkeypatch.undo()  # the real judge
    bench = Workbench(double, [])
    for code, word in (("print(1 / 0)\n", "ZeroDivisionError"), ("print(\n", "never closed"), (NEVER, "program:\n0")):
        test = double.tests()[0]
        assert word in describe_failure(test, bench.results(code, [test])[0])
