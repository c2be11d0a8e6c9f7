"""The story of a rollout: its programs in order, what changed between them, and why it ended as it did."""

import pytest

from eval.rollouts.rollout import Rollout
from eval.story.diagnosis import why
from eval.story.story import Story, Version, lines_of, read_story
from program.rollout.trace import Call, JudgeRun, Trace, name_of
from tests.support.rollouts import FIRST, SECOND, store, traced, traced_score


def story_of(told: Rollout) -> Story:
    return Story(told, told.trace.events, whole=True)


def test_programs_are_numbered_in_the_order_of_the_trace():
    versions = story_of(traced(end="reverted")).versions()
    assert [(each.number, each.code) for each in versions.values()] == [(1, FIRST), (2, SECOND)]
    assert story_of(traced(end="reverted")).answer() == versions[name_of(FIRST)]


def test_the_changes_of_a_program_lead_from_the_one_before_to_it():
    first, second = story_of(traced()).versions().values()
    assert first.changes() == [] and second.changes() == [(2, 3, 2, 3)]


@pytest.mark.parametrize(
    ("before", "after"),
    [("a\nb\nc\n", "a\nc\nd\n"), ("", "a\n"), ("a", "a\n"), ("x\n" * 300 + "y\n", "y\n" + "x\n" * 300)],
)
def test_changes_applied_to_the_program_before_give_the_program(before, after):
    lines = lines_of(before)
    for start, end, other_start, other_end in reversed(Version(2, "", after, before).changes()):
        lines[start:end] = lines_of(after)[other_start:other_end]
    assert lines == lines_of(after)


def test_an_answer_that_no_event_names_is_a_program_too():
    told = Rollout(arm="old", problem="p", sample=0, status="failed", code=FIRST)
    answer = Story(told, [], whole=False).answer()
    assert answer and (answer.number, answer.code, answer.before) == (1, FIRST, None)


def test_a_story_is_read_with_its_texts_and_without_them_where_the_trace_is_gone(tmp_path):
    run = store(tmp_path, [traced()])
    whole = read_story(run, traced())
    assert whole.whole and whole.calls()[0].prompt
    for file in tmp_path.rglob("*.jsonl.gz"):
        file.unlink()
    told = traced()
    told.trace = Trace.model_validate(told.trace.slim())
    slim = read_story(run, told)
    assert not slim.whole and [call.stage for call in slim.calls()] == [call.stage for call in whole.calls()]
    assert not slim.calls()[0].prompt


def test_a_solved_rollout_says_so_with_its_fixes_and_failed_calls():
    assert why(story_of(traced())) == [
        "Solved: 2 public and 7 hidden tests pass.",
        "Fixes tried: 1.",
        "Calls that failed: 1 of 4: ReflectOnProblem unparsable.",
    ]


def test_an_answer_that_only_hidden_tests_reject_says_how_many_and_with_which_verdict():
    said = why(story_of(traced(end="failed")))
    assert said[0] == "The answer fails 2 of 7 hidden tests (private 1 of 3 pass, TLE; generated 4 of 4 pass, AC)."
    assert said[1] == "The answer passes all 2 public tests."


def test_an_answer_that_fails_a_public_test_says_what_it_printed_there():
    said = why(story_of(traced(end="reverted")))
    assert said[:2] == [
        "The answer fails 1 of 2 public tests (WA).",
        "On the first of them it prints “2” instead of “4”.",
    ]


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (
            {"input": "1, 2\n", "expected": "3", "output": "2", "verdict": "WA"},
            "On the first of them it returns 2 instead of 3 for f(1, 2).",
        ),
        (
            {"input": "'a b'", "expected": "None", "error": "Traceback\nKeyError: 'a'", "verdict": "RE"},
            "On the first of them, f('a b'): RE, KeyError: 'a'.",
        ),
    ],
)
def test_a_function_that_fails_a_public_test_is_told_with_the_call(run, said):
    failed = traced(end="reverted")
    judged = JudgeRun(
        tests="public", program=name_of(FIRST), code=FIRST, verdicts=[run["verdict"]], runs=[run], function="f"
    )
    assert why(Story(failed, [judged], whole=True))[1] == said


def test_a_right_program_that_was_let_go_of_is_pointed_out():
    assert "Program 2, found after 4 calls, passes everything; the flow chose another program." in why(
        story_of(traced(end="reverted"))
    )
    assert not any("went on" in sentence for sentence in why(story_of(traced(end="failed"))))


def test_a_crash_on_a_public_test_is_told_by_its_last_line():
    told = traced(end="reverted")
    error = "Traceback\n  File ...\nZeroDivisionError: division by zero\n"
    runs = [{"input": "2\n", "expected": "4\n", "error": error, "verdict": "RE"}]
    crash = JudgeRun(tests="public", program=name_of(FIRST), code=FIRST, verdicts=["RE"], runs=runs)
    assert "On the first of them: RE, ZeroDivisionError: division by zero." in why(Story(told, [crash], whole=True))


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [(["AC", "AC"], "All 2 AI tests pass: they do not show the mistake."), (["WA", "AC"], "It fails 1 of 2 AI tests.")],
)
def test_what_the_ai_tests_said_of_a_wrong_answer(verdicts, said):
    told = traced(end="failed")
    judged = JudgeRun(tests="ai", program=name_of(SECOND), verdicts=verdicts)
    assert said in why(Story(told, [*told.trace.events, judged], whole=True))


def test_a_rollout_without_a_program_names_the_calls_that_failed():
    calls = [Call(stage="SolveDirectly", outcome="unparsable"), Call(stage="SolveDirectly", outcome="unparsable")]
    told = Rollout(
        arm="a", problem="p", sample=0, status="failed", score=traced_score(False, 0), trace=Trace(events=calls)
    )
    assert why(story_of(told)) == [
        "No stage gave a program.",
        "Calls that failed: 2 of 2: SolveDirectly unparsable (2 times).",
    ]


def test_a_rollout_that_was_not_judged_gives_the_error_and_its_marks():
    told = traced(end="not judged")
    told.trace.mark("budget: calls")
    assert why(story_of(told)) == ["Not judged: JudgeError: lost.", "Marked: budget: calls."]
