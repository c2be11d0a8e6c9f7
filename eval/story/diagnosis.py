"""Why a rollout ended as it did, in a few sentences from its score and trace."""

from __future__ import annotations

from collections import Counter
from itertools import chain

from eval.rollouts.score import Score, SetResult
from eval.story.story import Story
from program.bench.words import words_for
from program.rollout.trace import JudgeRun, TestRun, name_of

LINE_CHARACTERS = 80


def why(story: Story) -> list[str]:
    """The sentences, the most important first. Of hidden tests they give only counts and verdicts."""
    rollout = story.rollout
    if rollout.score is None:
        return [f"Not judged: {rollout.error or 'no reason was stored'}.", *_marks(story)]
    if rollout.score.solved:
        return [_solved(rollout.score), *_fixes(story), *_failed_calls(story), *_marks(story)]
    if not rollout.code.strip():
        said = f"It ended in an error: {rollout.error}." if rollout.error else "No stage gave a program."
        return [said, *_better_before(story), *_failed_calls(story), *_marks(story)]
    tests = [_public(story, rollout.score.public), _hidden(rollout.score)]
    return [
        *chain(*sorted(tests, key=lambda said: "fails" not in said[0])),
        *_better_before(story),
        *_ai_tests(story),
        *_fixes(story),
        *_failed_calls(story),
        *_marks(story),
    ]


def _solved(score: Score) -> str:
    return f"Solved: {score.public.total} public and {score.private.total + score.generated.total} hidden tests pass."


def _public(story: Story, result: SetResult) -> list[str]:
    if not result.total:
        return ["The problem has no public tests."]
    if result.passed == result.total:
        return [f"The answer passes all {result.total} public tests."]
    said = f"The answer fails {result.total - result.passed} of {result.total} public tests ({result.verdict})."
    judged = _runs_of_answer(story, "public")
    shown = [(run, each.function) for each in judged for run in each.runs if run.verdict != "AC"]
    return [said, *(f"On the first of them{_failed(run, function)}." for run, function in shown[:1])]


def _failed(run: TestRun, function: str) -> str:
    """How a test failed, as the end of a sentence; for a function, with the call."""
    call = _short(f"{function}({run.input.strip()})")
    if run.verdict != "WA":
        last_line = (run.error.strip().splitlines() or [""])[-1]
        return f"{f', {call}' if function else ''}: {run.verdict}{f', {last_line[:200]}' if last_line else ''}"
    shown = _short if function else _quote
    answered = f" it {words_for(function).gives} {shown(run.output)} instead of {shown(run.expected)}"
    return f"{answered} for {call}" if function else answered


def _hidden(score: Score) -> list[str]:
    total = score.private.total + score.generated.total
    failed = total - score.private.passed - score.generated.passed
    if not failed:
        return [f"The answer passes all {total} hidden tests."]
    sets = [("private", score.private), ("generated", score.generated)]
    parts = [f"{name} {each.passed} of {each.total} pass, {each.verdict}" for name, each in sets if each.total]
    return [f"The answer fails {failed} of {total} hidden tests ({'; '.join(parts)})."]


def _better_before(story: Story) -> list[str]:
    """Whether the flow had a right program and dropped it: then selection failed, not generation."""
    right = [point for point in story.rollout.checkpoints if point.solved]
    if not right:
        return []
    number = story.versions()[right[0].program].number if right[0].program in story.versions() else "?"
    went = "the flow chose another program" if story.rollout.code else "it was lost in the error"
    return [f"Program {number}, found after {right[0].calls} calls, passes everything; {went}."]


def _ai_tests(story: Story) -> list[str]:
    verdicts = [verdict for judged in _runs_of_answer(story, "ai") for verdict in judged.verdicts]
    failed = sum(verdict != "AC" for verdict in verdicts)
    if not verdicts:
        return []
    if not failed:
        return [f"All {len(verdicts)} AI tests pass: they do not show the mistake."]
    return [f"It fails {failed} of {len(verdicts)} AI tests."]


def _runs_of_answer(story: Story, tests: str) -> list[JudgeRun]:
    runs = [event for event in story.events if isinstance(event, JudgeRun)]
    return [run for run in runs if run.tests == tests and run.program == name_of(story.rollout.code)]


def _fixes(story: Story) -> list[str]:
    return [f"Fixes tried: {story.rollout.fixes}."] if story.rollout.fixes else []


def _failed_calls(story: Story) -> list[str]:
    calls = story.calls()
    failed = Counter(f"{call.stage} {call.outcome}" for call in calls if call.outcome != "ok")
    if not failed:
        return []
    parts = [what if count == 1 else f"{what} ({count} times)" for what, count in failed.items()]
    return [f"Calls that failed: {sum(failed.values())} of {len(calls)}: {', '.join(parts)}."]


def _marks(story: Story) -> list[str]:
    trace = story.rollout.trace
    spent = [f"The {budget}'s budget of {resource} was spent." for budget, resource in trace.spent_budgets]
    return [*spent, *(f"Marked: {mark}." for mark in trace.marks)]


def _quote(text: str) -> str:
    return f"“{_short(text)}”" if text.strip() else "nothing"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return f"{text[:LINE_CHARACTERS]} …" if len(text) > LINE_CHARACTERS else text
