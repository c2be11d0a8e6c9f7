"""Stored runs with traces, made without a model and without a judge, for the tests of what shows runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eval.rollouts.rollout import Checkpoint, Rollout
from eval.rollouts.run_folder import RunFolder
from eval.rollouts.score import Score, SetResult
from program.rollout.trace import Best, Call, Decision, JudgeRun, Message, TestRun, Trace, name_of

FIRST = "n = int(input())\n\nprint(n)\n"
SECOND = "n = int(input())\n\nprint(n * 2)\n"


def rollout(
    arm: str = "flow", problem: str = "Double", sample: int = 0, end: str = "solved", text: str = "", **more: Any
) -> Rollout:
    """A rollout that reflects in two calls, writes `FIRST`, and fixes it to `SECOND`, which is solved or fails.

    Args:
        arm, problem, sample: its key.
        end: "solved", "failed", "not judged", or "reverted": the fix was right and was not kept.
        text: is in every text of the trace.
        more: changes of the result's fields.
    """
    if end == "not judged":
        return Rollout(arm=arm, problem=problem, sample=sample, status="not judged", error=f"JudgeError: lost{text}")
    first, second = FIRST + text, SECOND + text
    answer = first if end == "reverted" else second
    right = {"solved": {second}, "reverted": {second}}.get(end, set())
    trace = Trace(events=_events(first, second, answer, text))
    solved = answer in right
    return Rollout(
        arm=arm,
        problem=problem,
        sample=sample,
        status="solved" if solved else "failed",
        code=answer,
        score=score(solved, public=2 if answer == second else 1),
        checkpoints=[_checkpoint(event, right) for event in trace.events if isinstance(event, Best)],
        trace=trace,
        totals=trace.totals(),
        seconds=4.5,
    ).model_copy(update=more)


def score(solved: bool, public: int = 2) -> Score:
    """On 2 public, 3 private and 4 generated tests; what is not solved fails 2 of the private ones."""
    return Score(
        public=SetResult(passed=public, total=2, verdict="AC" if public == 2 else "WA"),
        private=SetResult(passed=3 if solved else 1, total=3, verdict="AC" if solved else "TLE"),
        generated=SetResult(passed=4, total=4, verdict="AC"),
        hidden_rate=1.0 if solved else 5 / 7,
        solved=solved,
        judge_seconds=0.1,
    )


def write_run(folder: Path, rollouts: Iterable[Rollout], **changes: Any) -> Path:
    """A run folder that holds `rollouts`; its data is nowhere, unless `changes` of the configuration say where."""
    stored = list(rollouts)
    config = {
        "artifacts": dict.fromkeys((each.arm for each in stored), "0"),
        "data": "nowhere",
        "split": "test",
        "data_fingerprint": "abc",
        "problems": list(dict.fromkeys(each.problem for each in stored)),
        "lm": "scripted/lm",
        "samples": max((each.sample + 1 for each in stored), default=1),
        **changes,
    }
    opened = RunFolder(folder, config)
    for each in stored:
        opened.append(each)
    return folder


def _events(first: str, second: str, answer: str, text: str) -> list[Any]:
    reflect = [
        _message("system", "Reflect on the problem.\n\nAnswer with JSON."),
        _message("user", f"## problem\n{text}"),
    ]
    fix = [_message("system", "Fix the program."), _message("user", f"## problem\n{text}\n\n## code\n{first.strip()}")]
    cost = {"prompt_tokens": 100, "completion_tokens": 20, "dollars": 0.01, "model": "scripted/lm", "seconds": 0.5}
    call = {"prompt": reflect, **cost}
    return [
        Call(stage="ReflectOnProblem", outcome="unparsable", detail="no JSON", answer=f"well{text}", **call),
        Call(stage="ReflectOnProblem", started=0.5, answer=f'{{"reflection": ["{text}"]}}', **call),
        Call(stage="WriteCode", started=1.0, answer=f"```python\n{first}```", **call),
        _judge_run(first, "public", 1.5, [("2\n", "4\n", "2\n"), ("0\n", "0\n", "0\n")], text),
        _best(first, 2.0, 3, 360, 0.03, 0),
        Call(stage="FixCode", started=2.0, answer=f"```python\n{second}```", **{**cost, "prompt": fix}),
        _judge_run(second, "public", 2.5, [("2\n", "4\n", "4\n"), ("0\n", "0\n", "0\n")], text),
        Decision(what=f"fix {'kept' if answer == second else 'reverted'}{text}", started=3.0),
        *([_best(second, 3.5, 4, 480, 0.04, 1)]),
        *([_best(first, 4.0, 4, 480, 0.04, 1)] if answer == first else []),
    ]


def _message(role: str, content: str) -> Message:
    return Message(role=role, content=content)


def _judge_run(code: str, tests: Any, started: float, cases: list[tuple[str, str, str]], text: str) -> JudgeRun:
    runs = [
        TestRun(input=given + text, expected=expected, output=printed, verdict="AC" if printed == expected else "WA")
        for given, expected, printed in cases
    ]
    verdicts = [run.verdict for run in runs]
    named = {"program": name_of(code), "code": code}
    return JudgeRun(tests=tests, verdicts=verdicts, runs=runs, started=started, seconds=0.25, **named)


def _best(code: str, started: float, calls: int, tokens: int, dollars: float, fixes: int) -> Best:
    spent = {"calls": calls, "tokens": tokens, "dollars": dollars, "fixes": fixes}
    return Best(program=name_of(code), code=code, started=started, **spent)


def _checkpoint(best: Best, right: set[str]) -> Checkpoint:
    spent = best.model_dump(include={"program", "calls", "tokens", "dollars", "fixes"})
    solved = best.code in right
    return Checkpoint(**spent, seconds=best.started, solved=solved, hidden_rate=1.0 if solved else 5 / 7)
