"""The run-and-fix loop: what is tried after a failure, which programs are kept, and what it may cost."""

import dspy
import pytest
from dspy import LMTimeoutError

from judge.verdict import TestCase, Verdict
from program.bench.failure import about_source, describe_failure
from program.bench.workbench import Workbench
from program.models.scripted import scripted_lm
from program.steps.config import FlowConfig
from program.steps.repair import Repair
from program.steps.task import Notes, Task
from tests.support.scripted import FIRST_ONLY, GARBAGE, NEVER, RIGHT, SECOND_ONLY, code, section, stage_of
from tests.support.trace_words import words

pytestmark = pytest.mark.usefixtures("lean_adapter", "runs", "impatient")

NOTES = Notes(["one number"], ["1 + 1 is 2"])
KEPT, REVERTED, BREAKS = "fix kept: WA became AC", "fix reverted: WA became WA", "fix reverted: it breaks an anchor"
ONLY_PUBLIC = "n = int(input())\nprint(2 * n if n < 3 else 0)\n"  # right on the public tests
SIX, EIGHT = TestCase("3\n", "6\n"), TestCase("4\n", "8\n")


def other(number: int) -> str:
    """A program that is wrong everywhere, further from the right outputs than any with a smaller number."""
    return "print()\n" * number + "print(-1)\n"


class Loop:
    """A repair loop on the bench of one problem, with the answers of its LM given: programs, texts or exceptions.

    Args:
        redraws: the programs that are drawn, in turn.
    """

    def __init__(self, problem, program, answers=(), *, ai_tests=(), redraws=(), **config):
        self.lm = scripted_lm(code(each) if str(each).endswith("\n") else each for each in answers)
        self.bench = Workbench(problem)
        self.bench.add(program, "first")
        self.bench.add_ai_tests(ai_tests)
        self.shown: list[str] = []  # the failures that were shown for a redraw
        left = iter(redraws)
        self.redraws_left = left
        settings = FlowConfig(**config)

        def redraw(failure: str) -> str:
            self.shown.append(failure)
            return next(left)

        self.task = Task(problem, 0, 0, settings)
        with dspy.context(lm=self.lm):
            self.loop = Repair(settings)(self.task, NOTES, self.bench, redraw)

    def public(self) -> str:
        with dspy.context(lm=self.lm):
            self.loop.on_public_tests(self.task.config.public_tries, self.task.fixes_per_program)
        return self.bench.best()

    def ai(self, claims=()) -> str:
        with dspy.context(lm=self.lm):
            self.loop.on_ai_tests(claims)
        return self.bench.best()

    @property
    def prompts(self):
        return self.lm.engine.prompts

    def asked(self, key: str) -> list:
        return [entry["kwargs"].get(key) for entry in self.lm.history]


# On public tests


def test_a_program_that_passes_is_left_alone(double, trace):
    loop = Loop(double, RIGHT)
    assert loop.public() == RIGHT and not loop.prompts and not trace.decisions


def test_a_fix_that_passes_ends_the_loop(double, trace):
    assert Loop(double, FIRST_ONLY, [RIGHT]).public() == RIGHT
    assert words(trace) == [KEPT]


def test_after_a_fix_that_did_not_help_another_program_is_drawn_that_is_shown_the_failure(double, trace):
    loop = Loop(double, NEVER, [other(1)], redraws=[RIGHT])
    assert loop.public() == RIGHT
    assert words(trace) == [REVERTED, "redraw kept: WA became AC"]
    test = double.tests()[0]
    (failure,) = loop.shown
    assert failure == section(loop.prompts[0], "failure")
    assert failure == describe_failure(test, loop.bench.results(NEVER, [test])[0], "example")


@pytest.mark.parametrize(("fixes", "tries"), [(0, "rrrr"), (1, "frrr"), (2, "ffrr"), (4, "ffff"), (9, "ffff")])
def test_how_many_fixes_come_before_a_redraw_is_set(double, trace, fixes, tries):
    worse = [other(number) for number in range(1, 9)]
    loop = Loop(double, NEVER, worse, redraws=worse[4:], fixes_per_program=fixes)
    assert loop.public() == NEVER
    assert "".join(change.way[0] for change in trace.decisions) == tries


def test_a_better_program_gets_fixes_of_its_own(double, trace):
    loop = Loop(double, NEVER, [other(1), RIGHT], redraws=[FIRST_ONLY])
    assert loop.public() == RIGHT
    assert [change.way for change in trace.decisions] == ["fix", "redraw", "fix"]
    assert section(loop.prompts[1], "code") == FIRST_ONLY.strip()


def test_a_fix_that_passes_more_tests_is_what_the_next_one_begins_with(double):
    loop = Loop(double, NEVER, [FIRST_ONLY, RIGHT])
    assert loop.public() == RIGHT and section(loop.prompts[1], "code") == FIRST_ONLY.strip()


@pytest.mark.parametrize("worse", [other(1), "raise ValueError\n", "print(\n", "raise TimeoutError\n"])
def test_quality_never_falls(double, worse):
    assert Loop(double, FIRST_ONLY, [worse], redraws=[worse] * 3).public() == FIRST_ONLY


def test_a_program_that_mends_one_test_and_breaks_another_is_no_step(double, trace):
    loop = Loop(double, FIRST_ONLY, [SECOND_ONLY], public_tries=1)
    assert loop.public() == FIRST_ONLY
    assert words(trace) == ["fix reverted: WA became AC"]


def test_the_same_program_again_is_not_run_again(double, trace, runs):
    loop = Loop(double, NEVER, [f"\n{NEVER}\n"], public_tries=1)
    assert loop.public() == NEVER
    assert words(trace) == ["fix: the same program again"]


@pytest.mark.parametrize("failing", [GARBAGE, LMTimeoutError("slow")], ids=["garbage", "timeout"])
def test_an_answer_without_a_program_costs_a_try(double, trace, failing):
    calls = 2 if failing == GARBAGE else 1
    loop = Loop(double, FIRST_ONLY, [failing] * calls, redraws=["", RIGHT])
    assert loop.public() == RIGHT
    assert words(trace) == ["FixCode: given up", "redraw kept: WA became AC"]


@pytest.mark.parametrize("tries", range(5))
def test_tries_are_bounded(double, trace, tries):
    loop = Loop(double, NEVER, [other(1)], redraws=map(other, range(2, 9)), public_tries=tries)
    loop.public()
    assert len(trace.decisions) == tries


def test_without_a_program_there_is_nothing_to_fix(double, runs):
    loop = Loop(double, "")
    assert loop.public() == "" == loop.ai() and not runs and not loop.prompts


# On AI tests, all of them confirmed


def test_a_fix_that_passes_a_confirmed_test_is_kept(double, trace):
    loop = Loop(double, ONLY_PUBLIC, [RIGHT], ai_tests=[SIX])
    assert loop.ai() == RIGHT and words(trace) == [KEPT]


def test_a_fix_that_breaks_a_public_test_is_reverted(double, trace):
    loop = Loop(double, ONLY_PUBLIC, ["print(6)\n"], ai_tests=[SIX])
    assert loop.ai() == ONLY_PUBLIC and words(trace) == [BREAKS]


def test_a_fix_that_breaks_an_anchor_is_reverted(double, trace):
    before = "n = int(input())\nprint(2 * n if n != 4 else 0)\n"
    after = "n = int(input())\nprint(2 * n if n != 3 else 0)\n"
    loop = Loop(double, before, [after], ai_tests=[SIX, EIGHT])
    assert loop.ai() == before and words(trace) == [BREAKS]
    assert loop.bench.anchors == [SIX]


def test_a_claim_that_the_program_meets_is_an_anchor_and_one_that_it_fails_is_not(double, trace):
    claims, slip = [EIGHT, TestCase("5\n", "0\n")], "n = int(input())\nprint(2 * n if n < 4 else 0)\n"
    before = "n = int(input())\nprint(2 * n if n != 3 else 0)\n"
    loop = Loop(double, before, [slip, RIGHT], ai_tests=[SIX, TestCase("6\n", "12\n"), TestCase("3 \n", "6\n")])
    assert loop.ai(claims) == RIGHT and words(trace) == [BREAKS, KEPT]


def test_what_a_fix_that_was_kept_passes_becomes_an_anchor(double):
    loop = Loop(double, ONLY_PUBLIC, [RIGHT], ai_tests=[SIX, EIGHT])
    assert loop.ai() == RIGHT and loop.bench.anchors == [SIX, EIGHT]


def test_each_test_gets_one_fix_and_all_of_them_so_many(double, trace):
    tests = [TestCase(f"{n}\n", f"{2 * n}\n") for n in range(3, 9)]
    loop = Loop(double, ONLY_PUBLIC, [other(number) for number in range(9)], ai_tests=tests, ai_fixes=4)
    assert loop.ai() == ONLY_PUBLIC
    assert [section(prompt, "failure").split("Input:\n")[1][0] for prompt in loop.prompts] == ["3", "4", "5", "6"]


# What is asked


def test_the_lm_is_shown_problem_program_and_failure_and_where_asked_for_what_was_understood(double):
    for config, shown in (({}, False), ({"explain_to_fix": True}, True)):
        loop = Loop(double, FIRST_ONLY, [RIGHT], **config)
        loop.public()
        (prompt,) = loop.prompts
        test = double.tests()[1]
        assert section(prompt, "problem") == double.text() and section(prompt, "code") == FIRST_ONLY.strip()
        assert section(prompt, "failure") == describe_failure(
            test, loop.bench.results(FIRST_ONLY, [test])[0], "example"
        )
        assert ("- one number" in prompt, "- 1 + 1 is 2" in prompt) == (shown, shown)


def test_it_is_told_where_the_test_comes_from(double):
    public, written = Loop(double, FIRST_ONLY, [RIGHT]), Loop(double, ONLY_PUBLIC, [RIGHT], ai_tests=[SIX])
    public.public()
    written.ai()
    assert about_source("example") in public.prompts[0] and about_source("written") in written.prompts[0]


def test_a_runtime_trace_is_shown_where_asked_for(double, monkeypatch):
    asked_for = []
    monkeypatch.setattr("program.steps.repair.last_steps", lambda *told: asked_for.append(told[3:]) or "1: print(2)")
    loop = Loop(double, FIRST_ONLY, [RIGHT], trace_lines=9, trace_depth=2)
    loop.public()
    assert asked_for == [(9, 2)]
    assert section(loop.prompts[0], "failure").endswith("Last steps of the program:\n1: print(2)")


def test_a_fix_in_two_calls_is_analysed_first(double):
    loop = Loop(double, FIRST_ONLY, ['{"analysis": ["it prints a constant"]}', RIGHT], fix_calls=2)
    assert loop.public() == RIGHT
    analyse, fix = loop.prompts
    assert [stage_of(analyse), stage_of(fix)] == ["AnalyseFailure", "FixCode"]
    assert section(analyse, "failure") == section(fix, "failure") and "## analysis" not in analyse
    assert section(fix, "analysis") == "- it prints a constant"


def test_without_an_analysis_the_fix_is_asked_for_all_the_same(double, trace):
    loop = Loop(double, FIRST_ONLY, [GARBAGE, GARBAGE, RIGHT], fix_calls=2)
    assert loop.public() == RIGHT
    assert "## analysis" not in loop.prompts[-1]
    assert words(trace) == ["AnalyseFailure: given up", KEPT]


def test_every_fix_of_a_program_is_a_hot_draw_unless_a_temperature_is_given(double):
    loop = Loop(double, NEVER, [other(number) for number in range(1, 9)], fixes_per_program=4)
    loop.public()
    assert loop.asked("temperature") == [0.8, 0.8, 0.8, 0.8]
    given = {"FixCode": 0.1}
    loop = Loop(double, NEVER, [other(number) for number in range(1, 9)], fixes_per_program=4, temperatures=given)
    loop.public()
    assert loop.asked("temperature")[0] == 0.1
    assert len(set(loop.asked("rollout_id"))) == 4


def test_a_crash_counts_as_far_away(double, trace):
    loop = Loop(double, "raise ValueError\n", [NEVER], public_tries=1)
    assert loop.public() == NEVER and words(trace) == [f"fix kept: {Verdict.RE} became {Verdict.WA}"]


# The model says that the test is wrong

VOTE = "The expected output of this test is wrong: twice three is six."
WRONG_CLAIM = TestCase("3\n", "7\n")


@pytest.mark.parametrize(
    "answer", [VOTE, f"# The expected output of the test is wrong.\n{RIGHT}"], ids=["words", "program"]
)
def test_a_vote_against_a_written_test_takes_it_out(double, trace, answer):
    loop = Loop(double, RIGHT, [answer], ai_tests=[WRONG_CLAIM, EIGHT], redraws=())
    assert loop.ai() == RIGHT and loop.bench.ai == [EIGHT]
    assert words(trace) == ["fix: the model says that the test is wrong (written)"]
    assert [call.outcome for call in trace.calls] == ["ok"]  # it is an answer, and not asked for again


def test_a_vote_against_an_example_changes_nothing_and_another_program_is_drawn(double, trace):
    loop = Loop(double, NEVER, [VOTE], redraws=[RIGHT], fixes_per_program=1)
    assert loop.public() == RIGHT and len(trace.calls) == 1
    assert words(trace) == ["fix: the model says that the test is wrong (example)", "redraw kept: WA became AC"]


def test_a_program_with_another_comment_is_the_same_program_again(double, trace):
    loop = Loop(double, NEVER, [f"# It was wrong.\n{NEVER}"], redraws=[RIGHT], fixes_per_program=1)
    assert loop.public() == RIGHT
    assert words(trace) == ["fix: the same program again", "redraw kept: WA became AC"]
