"""One problem of a report: its statement and the story of every rollout, as JSON with texts replaced by indexes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from eval.report.texts import TextTable
from eval.rollouts.rollout import Checkpoint
from eval.rollouts.stored_arms import StoredArm
from eval.story.diagnosis import why
from eval.story.story import Story, Version, read_story
from program.bench.words import headings, words_for
from program.problem import Problem
from program.rollout.trace import ORIGINS, TEXTS, Best, Call, Decided, Event, JudgeRun, NewProgram, Remark


def problem_block(arms: Sequence[StoredArm], name: str, problem: Problem | None) -> tuple[dict[str, Any], TextTable]:
    """All data of a problem in the report, and the texts that it refers to by index.

    It has no hidden tests: a `Problem` has none, traces have only what the flow saw, and scores have only counts.
    """
    table = TextTable()
    rollouts = [
        {"arm": index, **_rollout(read_story(arm.run, rollout), table)}
        for index, arm in enumerate(arms)
        for rollout in sorted(arm.rollouts, key=lambda each: each.sample)
        if rollout.problem == name
    ]
    return {"name": name, "statement": _statement(problem, table), "rollouts": rollouts}, table


def _statement(problem: Problem | None, table: TextTable) -> dict[str, Any] | None:
    if problem is None:
        return None
    words = words_for(problem.function)
    return {
        "text": table.add(problem.asked()),
        "seconds": problem.seconds,
        "memory_bytes": problem.memory_bytes,
        "headings": [words.input.lower(), words.right],
        "tests": [[table.add(test.input), table.add(test.output)] for test in problem.public_tests],
    }


def _rollout(story: Story, table: TextTable) -> dict[str, Any]:
    rollout, answer = story.rollout, story.answer()
    hidden = story.checkpoints()
    versions = story.versions()
    return {
        "sample": rollout.sample,
        "status": rollout.status,
        "error": rollout.error,
        "why": why(story),
        "score": rollout.score.model_dump(exclude={"judge_seconds"}) if rollout.score else None,
        "calls": rollout.totals.calls if rollout.cost_known else None,
        "tokens": rollout.totals.all_tokens,
        "dollars": rollout.totals.dollars,
        "seconds": _short(rollout.seconds),
        "whole": story.whole,
        "versions": [_version(version, table) for version in versions.values()],
        "answer": answer.number if answer else None,
        "events": [_event(event, versions, hidden, table) for event in story.events],
    }


def _version(version: Version, table: TextTable) -> dict[str, Any]:
    return {"number": version.number, "code": table.add(version.code), "changes": version.changes()}


def _event(
    event: Event, versions: dict[str, Version], hidden: Iterator[Checkpoint | None], table: TextTable
) -> dict[str, Any]:
    """An event without default values, with texts and programs as indexes; see `program.rollout.trace` for the keys."""
    values = event.model_dump(
        exclude_defaults=True, exclude={**TEXTS, "prompt_hash": True, "program": True, "decision": True}
    )
    values = {key: _short(value) if isinstance(value, float) else value for key, value in values.items()}
    values["kind"] = event.kind
    match event:
        case Call():
            values["prompt"] = [[message.role, table.add(message.content)] for message in event.prompt]
            values["answer"] = table.add(event.answer)
            values["thought"] = table.add(event.thought)
            values["outputs"] = table.add(event.as_read)
        case JudgeRun():
            values["version"] = versions[event.program].number
            values["headings"] = headings(event.function)
            values["runs"] = [
                [run.verdict, *map(table.add, (run.input, run.expected, run.output, run.error))] for run in event.runs
            ]
        case Best():
            values["version"] = versions[event.program].number
            point = next(hidden)
            values["hidden"] = None if point is None else [point.solved, _short(point.hidden_rate)]
        case Decided():
            values["what"] = str(event.decision)
        case Remark():
            pass
        case NewProgram():
            values["version"] = versions[event.program].number
            values["what"] = ORIGINS[event.origin]
    return values


def _short(number: float) -> float:
    return round(number, 4)
