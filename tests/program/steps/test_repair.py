"""The run-and-fix loop: which fixes are kept, which are reverted, when it changes its strategy, what it may cost."""

import dspy
import pytest
from dspy import LMTimeoutError

from judge.verdict import TestCase, Verdict
from program.bench.failure import describe_failure
from program.bench.workbench import Workbench
from program.models.scripted import scripted_lm
from program.steps.config import FlowConfig
from program.steps.repair import Repair
from program.steps.task import Notes, Task
from tests.support.scripted import FIRST_ONLY, GARBAGE, NEVER, RIGHT, SECOND_ONLY, code, section, stage_of

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")

CRASHES = {
    Verdict.RE: "raise ValueError\n",
    Verdict.CE: "print(\n",
    Verdict.TLE: "raise TimeoutError\n",
    Verdict.MLE: "raise MemoryError\n",
    Verdict.OLE: "raise BufferError\n",
}
NOTES = Notes(["one number"], ["1 + 1 is 2"])
AGAIN, ANEW = "fix: the same program again", "fix: stuck, so the program is written anew from the next solution"
REVERTED, BREAKS, KEPT = "fix reverted: WA became WA", "fix reverted: it breaks an anchor", "fix kept: WA became AC"


def other(number: int) -> str:
    """A program that is wrong everywhere in a way of its own."""
    return f"print(-{number})\n"


class Loop:
    """A repair loop on the bench of one problem, with the answers of its LM given: programs, texts or exceptions.

    Args:
        rewrites: what the program is written anew as, in turn.
    """

    def __init__(self, problem, answers=(), *, ai_tests=(), rewrites=(), config=None):
        self.lm = scripted_lm(code(each) if str(each).endswith("\n") else each for each in answers)
        self.bench = Workbench(problem)
        self.bench.add_ai_tests(ai_tests)
        self.config = FlowConfig(**(config or {}))
        self.rewritten = iter(rewrites)
        task = Task(problem, 0, 0, self.config)
        with dspy.context(lm=self.lm):
            self.loop = Repair(self.config)(task, NOTES, self.bench, lambda: next(self.rewritten))

    def run(self, program, tests=None, fixes_per_test=1, fixes=10):
        self.bench.add(program)
        with dspy.context(lm=self.lm):
            return self.loop.run(program, self.bench.public if tests is None else tests, fixes_per_test, fixes)

    @property
    def prompts(self):
        return self.lm.engine.prompts


# What is kept


def test_a_program_that_passes_is_left_alone_and_its_tests_become_anchors(double, trace):
    loop = Loop(double)
    assert loop.run(RIGHT) == RIGHT
    assert not loop.prompts and loop.bench.anchors == double.tests() and not trace.decisions


def test_a_fix_that_passes_is_kept(double, trace):
    loop = Loop(double, [RIGHT])
    assert loop.run(FIRST_ONLY) == RIGHT == loop.bench.best()
    assert trace.decisions == [KEPT]
    assert len(loop.prompts) == 1 and loop.bench.anchors == double.tests()


@pytest.mark.parametrize("crash", CRASHES, ids=str)
def test_from_a_crash_to_a_wrong_answer_is_progress(double, trace, crash):
    assert Loop(double, [NEVER]).run(CRASHES[crash], double.tests()[:1]) == NEVER
    assert trace.decisions == [f"fix kept: {crash} became WA"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (NEVER, other(1)),
        (NEVER, CRASHES[Verdict.RE]),  # quality falls
        (NEVER, CRASHES[Verdict.CE]),
        (CRASHES[Verdict.RE], CRASHES[Verdict.TLE]),
        (CRASHES[Verdict.CE], "raise KeyError\n"),
    ],
)
def test_a_fix_that_gets_no_further_is_reverted(double, trace, before, after):
    loop = Loop(double, [after])
    test = double.tests()[:1]
    assert loop.run(before, test) == before
    was, now = (loop.bench.results(program, test)[0].verdict for program in (before, after))
    assert trace.decisions == [f"fix reverted: {was} became {now}"]


def test_quality_that_falls_from_fix_to_fix_never_reaches_the_answer(double, trace):
    loop = Loop(double, [SECOND_ONLY, other(1), CRASHES[Verdict.RE]])
    assert loop.run(FIRST_ONLY, fixes_per_test=3) == FIRST_ONLY
    assert trace.decisions == [BREAKS, REVERTED, "fix reverted: WA became RE"]
    assert loop.bench.best() in (FIRST_ONLY, SECOND_ONLY)


def test_a_fix_that_breaks_an_anchor_is_reverted(double, trace):
    loop = Loop(double, [SECOND_ONLY])
    assert loop.run(FIRST_ONLY) == FIRST_ONLY
    assert trace.decisions == [BREAKS]
    assert loop.bench.anchors == double.tests()[:1]


def test_a_crash_mended_at_the_cost_of_an_anchor_is_reverted(double, trace):
    crashes_on_two = "n = int(input())\nassert n != 2\nprint(2)\n"
    assert Loop(double, [NEVER]).run(crashes_on_two) == crashes_on_two
    assert trace.decisions == [BREAKS]


def test_anchors_last_from_one_run_to_the_next(double, trace):
    wrong_test = TestCase("3\n", "7\n")
    loop = Loop(double, ["print(7)\n"], ai_tests=[wrong_test])
    assert loop.run(loop.run(RIGHT), loop.bench.ai) == RIGHT
    assert trace.decisions == [BREAKS]
    assert wrong_test not in loop.bench.anchors


def test_a_run_that_begins_with_another_program_has_its_anchors_only(double, trace):
    """A later round begins with the best program there is, which may fail what an earlier one passed."""
    loop = Loop(double, ["print(4 if int(input()) == 2 else 1)\n", RIGHT])
    loop.run(FIRST_ONLY, fixes=0)
    assert loop.run(NEVER, double.tests()[1:]) != NEVER
    assert trace.decisions == [KEPT]


def test_a_test_that_a_later_fix_makes_pass_becomes_an_anchor_too(double):
    loop = Loop(double, [NEVER, RIGHT])
    loop.run(other(1))  # fails both; the fix for the first is no good, that for the second mends both
    assert set(loop.bench.anchors) == set(double.tests())


def test_a_fix_that_is_kept_is_what_the_next_fix_begins_with(double):
    loop = Loop(double, [NEVER, RIGHT])
    assert loop.run(CRASHES[Verdict.RE], fixes_per_test=2) == RIGHT
    assert section(loop.prompts[1], "code") == NEVER.strip() and "wrong answer" in loop.prompts[1]


# Where the model is stuck


def test_the_same_program_again_is_not_run_and_the_next_try_writes_it_anew(double, trace, runs):
    loop = Loop(double, ["\n" + NEVER + "\n\n"], rewrites=[RIGHT])
    assert loop.run(NEVER, double.tests()[:1], fixes_per_test=2) == RIGHT
    assert trace.decisions == [AGAIN, ANEW, KEPT]
    assert len(loop.prompts) == 1 and {program for program, _ in runs} == {NEVER, RIGHT}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(NEVER, f"{NEVER}# fixed\n", id="the same wrong output"),
        pytest.param("raise ValueError('x')\n", "n = 1\nraise ValueError('x')\n", id="the same error"),
        pytest.param("print(\n", "print(\n\n", id="the same syntax error"),
        pytest.param("raise TimeoutError\n", "n = 1\nraise TimeoutError\n", id="too slow again"),
        pytest.param("pass\n", "def main():\n    print(2)\n", id="no output at all, again"),
    ],
)
def test_a_program_that_fails_in_the_same_way_is_no_step_either(double, trace, before, after):
    loop = Loop(double, [after], rewrites=[RIGHT])
    assert loop.run(before, double.tests()[:1], fixes_per_test=2) == RIGHT
    assert trace.decisions[1] == ANEW and trace.decisions[2].startswith("fix kept")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(NEVER, other(1), id="another wrong output"),
        pytest.param("raise ValueError('x')\n", "raise ValueError('y')\n", id="another error"),
        pytest.param(NEVER, "raise ValueError\n", id="another verdict"),
    ],
)
def test_a_program_that_fails_in_another_way_is_followed_by_another_fix(double, trace, before, after):
    loop = Loop(double, [after, RIGHT])
    assert loop.run(before, double.tests()[:1], fixes_per_test=2) == RIGHT
    assert ANEW not in trace.decisions


def test_going_round_in_circles_is_being_stuck(double, trace):
    """The model answers with a program that was tried, and reverted, before."""
    loop = Loop(double, [other(1), other(1)], rewrites=[RIGHT])
    assert loop.run(NEVER, double.tests()[:1], fixes_per_test=3) == RIGHT
    assert trace.decisions == [REVERTED, REVERTED, ANEW, KEPT]


def test_a_program_seen_before_is_kept_where_it_helps(double, trace):
    loop = Loop(double, [RIGHT])
    loop.bench.add(RIGHT)
    assert loop.run(FIRST_ONLY) == RIGHT and trace.decisions == [KEPT]


@pytest.mark.parametrize("rewrite", [NEVER, f"{NEVER}# anew\n"], ids=["the same program", "the same failure"])
def test_a_test_is_left_when_writing_anew_leads_nowhere(double, trace, rewrite):
    loop = Loop(double, [NEVER, NEVER], rewrites=[rewrite] * 2)
    assert loop.run(NEVER, fixes_per_test=5) == NEVER
    shown = [section(prompt, "failure") for prompt in loop.prompts]
    assert [f"Input:\n{test.input}" in failure for test, failure in zip(double.tests(), shown, strict=True)] == [
        True
    ] * 2
    assert trace.decisions.count(ANEW) == 2 and loop.loop.tries == 4


def test_after_a_step_forward_two_tries_may_be_stuck_again(double, trace):
    loop = Loop(double, [NEVER, other(1), other(2)], rewrites=[other(3)])
    assert loop.run(NEVER, double.tests()[:1], fixes_per_test=4) == NEVER
    assert trace.decisions == [AGAIN, ANEW, REVERTED, REVERTED, REVERTED]


def test_a_rewrite_that_fails_is_no_program(double, trace):
    loop = Loop(double, [NEVER, RIGHT], rewrites=[""])
    assert loop.run(NEVER, fixes_per_test=3) == RIGHT
    assert trace.decisions == [AGAIN, ANEW, KEPT]


# When the LM fails


@pytest.mark.parametrize("failing", [GARBAGE, LMTimeoutError("slow")], ids=["garbage", "timeout"])
def test_an_answer_without_a_program_costs_a_fix_and_says_nothing_about_the_program(double, trace, failing):
    calls = 2 if failing == GARBAGE else 1
    loop = Loop(double, [*[failing] * calls, RIGHT])
    assert loop.run(FIRST_ONLY, fixes_per_test=2) == RIGHT
    assert trace.decisions == ["FixCode: given up", KEPT]
    assert Loop(double, [failing] * calls).run(FIRST_ONLY) == FIRST_ONLY


# Limits


@pytest.mark.parametrize(
    ("fixes_per_test", "fixes", "calls"), [(1, 9, 2), (3, 9, 6), (3, 4, 4), (2, 1, 1), (0, 9, 0), (3, 0, 0)]
)
def test_calls_stay_within_both_limits(double, fixes_per_test, fixes, calls):
    loop = Loop(double, [other(number) for number in range(1, 20)])
    assert loop.run(NEVER, fixes_per_test=fixes_per_test, fixes=fixes) == NEVER
    assert len(loop.prompts) == calls == loop.loop.tries


def test_tries_are_counted_over_all_runs_and_each_run_has_its_own_limit(double):
    loop = Loop(double, [other(number) for number in range(1, 20)])
    for expected in (2, 4, 6):
        loop.run(NEVER, fixes_per_test=3, fixes=2)
        assert loop.loop.tries == expected == len(loop.prompts)


def test_a_test_that_passes_leaves_its_fixes_to_the_next(double):
    loop = Loop(double, [FIRST_ONLY, other(1), RIGHT])
    assert loop.run(NEVER, fixes_per_test=3, fixes=3) == RIGHT
    assert len(loop.prompts) == 3


def test_without_a_program_or_without_tests_there_is_nothing_to_fix(double, runs):
    loop = Loop(double)
    assert loop.run("") == "" and not runs
    assert loop.run(NEVER, []) == NEVER and not loop.prompts


# What is asked


def asked(loop: Loop, key: str) -> list:
    return [entry["kwargs"].get(key) for entry in loop.lm.history]


def test_the_lm_is_shown_problem_program_and_failure_and_where_asked_for_what_was_understood(double):
    for config, shown in (({}, False), ({"explain_to_fix": True}, True)):
        loop = Loop(double, [RIGHT], config=config)
        loop.run(FIRST_ONLY)
        (prompt,) = loop.prompts
        test = double.tests()[1]
        assert section(prompt, "problem") == double.text() and section(prompt, "code") == FIRST_ONLY.strip()
        assert section(prompt, "failure") == describe_failure(test, loop.bench.results(FIRST_ONLY, [test])[0])
        assert ("- one number" in prompt, "- 1 + 1 is 2" in prompt) == (shown, shown)


def test_a_runtime_trace_is_shown_where_asked_for(double, monkeypatch):
    asked_for = []
    monkeypatch.setattr("program.steps.repair.last_steps", lambda *told: asked_for.append(told[3:]) or "1: print(2)")
    loop = Loop(double, [RIGHT], config={"trace_lines": 9, "trace_depth": 2})
    loop.run(FIRST_ONLY)
    assert asked_for == [(9, 2)]
    assert section(loop.prompts[0], "failure").endswith("Last steps of the program:\n1: print(2)")


def test_a_fix_in_two_calls_is_analysed_first(double, trace):
    loop = Loop(double, ['{"analysis": ["it prints a constant"]}', RIGHT], config={"fix_calls": 2})
    assert loop.run(FIRST_ONLY) == RIGHT and loop.loop.tries == 1
    analyse, fix = loop.prompts
    assert [stage_of(analyse), stage_of(fix)] == ["AnalyseFailure", "FixCode"]
    assert section(analyse, "failure") == section(fix, "failure") and "## analysis" not in analyse
    assert section(fix, "analysis") == "- it prints a constant"


def test_without_an_analysis_the_fix_is_asked_for_all_the_same(double, trace):
    loop = Loop(double, [GARBAGE, GARBAGE, RIGHT], config={"fix_calls": 2})
    assert loop.run(FIRST_ONLY) == RIGHT
    assert "## analysis" not in loop.prompts[-1]
    assert trace.decisions == ["AnalyseFailure: given up", KEPT]


def test_the_first_fix_of_a_program_is_asked_for_at_the_stages_own_temperature_and_others_hotter(double):
    loop = Loop(double, [other(1), other(2), RIGHT])
    loop.run(NEVER, fixes_per_test=2)
    assert asked(loop, "temperature") == [0.2, 0.8, 0.2]


def test_every_fix_of_the_same_program_on_the_same_test_is_another_draw(double):
    loop = Loop(double, [other(number) for number in range(1, 9)])
    for _ in range(2):
        loop.run(NEVER, double.tests()[:1], fixes_per_test=2)
    assert len(set(asked(loop, "rollout_id"))) == 4
