"""Stored rollouts and runs, made without a model and without a judge: short ones by their numbers, and one with all of
its trace, for the tests of what is worked out from them and of what shows them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.rollouts.rollout import IMPORTED, Checkpoint, Pick, Rollout
from eval.rollouts.run_folder import RunFolder
from eval.rollouts.score import Score, SetResult
from program.rollout.decisions import ChangeTried
from program.rollout.trace import (
    Best,
    Call,
    Decided,
    JudgeRun,
    Message,
    NewProgram,
    Origin,
    TestRun,
    Totals,
    Trace,
    name_of,
)

CODE = "print(1)\n"
FIRST = "n = int(input())\n\nprint(n)\n"
SECOND = "n = int(input())\n\nprint(n * 2)\n"


def made(passed: int, total: int, failing: str = "WA") -> SetResult:
    return SetResult(passed=passed, total=total, verdict="AC" if passed == total else failing)


def score(public: SetResult, private: SetResult, generated: SetResult) -> Score:
    return Score(
        public=public,
        private=private,
        generated=generated,
        hidden_rate=(private.passed + generated.passed) / (private.total + generated.total),
        solved=all(each.passed == each.total for each in (public, private, generated)),
        judge_seconds=0.1,
    )


def rollout(
    problem: str = "apple",
    hidden: float | None = 1.0,
    *,
    arm: str = "plain",
    sample: int = 0,
    public: float = 1.0,
    code: str = CODE,
    seconds: float = 2.0,
    checkpoints: Sequence[Checkpoint] = (),
    picks: Sequence[bool] = (),
    events: Sequence[Any] = (),
    generated: SetResult | None = None,
    imported: bool = False,
    **totals: Any,
) -> Rollout:
    """A rollout with two public and four private tests; `hidden` and `public` are shares passed, None not
    judged; `picks` say which of the submitted programs solve it."""
    made_up = Rollout(
        arm=arm,
        problem=problem,
        sample=sample,
        status="not judged",
        code=code,
        totals=Totals(**totals),
        seconds=seconds,
        checkpoints=list(checkpoints),
        picks=[Pick(code=f"{code}# {number}\n", solved=solved) for number, solved in enumerate(picks)],
        trace=Trace(events=list(events), marks=[IMPORTED] if imported else []),
    )
    if hidden is None:
        return made_up
    judged = score(made(int(2 * public), 2), made(int(4 * hidden), 4), generated or made(0, 0))
    return made_up.model_copy(update={"score": judged, "status": "solved" if judged.solved else "failed"})


def checkpoint(calls: int, solved: bool, *, code: str = CODE, dollars: float | None = None) -> Checkpoint:
    """What was held best after so many calls; a call costs 100 tokens and a second."""
    return Checkpoint(
        program=name_of(code),
        calls=calls,
        tokens=100 * calls,
        dollars=dollars,
        seconds=calls,
        solved=solved,
        hidden_rate=float(solved),
    )


def new_program(code: str, origin: Origin, calls: int = 1) -> NewProgram:
    """A program that came up after so many calls."""
    return NewProgram(program=name_of(code), origin=origin, calls=calls)


def run_on(tests: str, code: str, verdicts: str) -> JudgeRun:
    """A run of the flow's judge; verdicts are parted by blanks."""
    return JudgeRun.model_validate({"tests": tests, "program": name_of(code), "verdicts": verdicts.split()})


def config_of(arms: Iterable[str], problems: Iterable[str], **changes: Any) -> dict[str, Any]:
    """The configuration of a run, as `eval.run` stores it."""
    return {
        "artifacts": dict.fromkeys(arms, "0"),
        "data": "pack",
        "split": "test",
        "data_fingerprint": "abc",
        "problems": list(problems),
        "lm": "scripted/lm",
        "samples": 1,
        **changes,
    }


def store(folder: Path, rollouts: Sequence[Rollout], **changes: Any) -> Path:
    """A run folder that holds these rollouts."""
    arms, problems = (dict.fromkeys(getattr(each, key) for each in rollouts) for key in ("arm", "problem"))
    samples = max((each.sample for each in rollouts), default=0) + 1
    opened = RunFolder(folder, {**config_of(arms, problems, samples=samples), **changes})
    for each in rollouts:
        opened.append(each)
    return folder


def rates(arms: Mapping[str, Mapping[str, float | None]]) -> list[Rollout]:
    """One rollout for each arm and problem, with the given hidden rate."""
    return [rollout(name, hidden, arm=arm) for arm, each in arms.items() for name, hidden in each.items()]


def traced(
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
        score=traced_score(solved, public=2 if answer == second else 1),
        checkpoints=[_checkpoint(event, right) for event in trace.events if isinstance(event, Best)],
        trace=trace,
        totals=trace.totals(),
        seconds=4.5,
    ).model_copy(update=more)


def traced_score(solved: bool, public: int = 2) -> Score:
    """On 2 public, 3 private and 4 generated tests; what is not solved fails 2 of the private ones."""
    return score(made(public, 2), made(3 if solved else 1, 3, "TLE"), made(4, 4))


def _events(first: str, second: str, answer: str, text: str) -> list[Any]:
    reflect = _prompt("Reflect on the problem.\n\nAnswer with JSON.", f"## problem\n{text}")
    fix = _prompt("Fix the program.", f"## problem\n{text}\n\n## code\n{first.strip()}")
    cost = {"prompt_tokens": 100, "completion_tokens": 20, "dollars": 0.01, "model": "scripted/lm", "seconds": 0.5}
    call = {"prompt": reflect, **cost}
    return [
        Call(stage="ReflectOnProblem", outcome="unparsable", detail="no JSON", answer=f"well{text}", **call),
        Call(stage="ReflectOnProblem", started=0.5, answer=f'{{"reflection": ["{text}"]}}', **call),
        Call(stage="WriteCode", started=1.0, answer=f"```python\n{first}```", **call),
        _judge_run(first, "public", 1.5, [("2\n", "4\n", "2\n"), ("0\n", "0\n", "0\n")], text),
        NewProgram(program=name_of(first), origin="first", started=1.25, calls=3),
        _best(first, 2.0, 3, 360, 0.03),
        Call(stage="FixCode", started=2.0, answer=f"```python\n{second}```", **{**cost, "prompt": fix}),
        _judge_run(second, "public", 2.5, [("2\n", "4\n", "4\n"), ("0\n", "0\n", "0\n")], text),
        NewProgram(program=name_of(second), origin="fix", started=2.75, calls=4),
        Decided(decision=_change(first, second, "kept" if answer == second else "breaks an anchor", text), started=3.0),
        _best(second, 3.5, 4, 480, 0.04),
        *([_best(first, 4.0, 4, 480, 0.04)] if answer == first else []),
    ]


def _prompt(system: str, user: str) -> list[Message]:
    return [Message(role="system", content=system), Message(role="user", content=user)]


def _judge_run(code: str, tests: Any, started: float, cases: list[tuple[str, str, str]], text: str) -> JudgeRun:
    runs = [
        TestRun(input=given + text, expected=expected, output=printed, verdict="AC" if printed == expected else "WA")
        for given, expected, printed in cases
    ]
    verdicts = [run.verdict for run in runs]
    named = {"program": name_of(code), "code": code}
    return JudgeRun(tests=tests, verdicts=verdicts, runs=runs, started=started, seconds=0.25, **named)


def _change(program: str, changed: str, outcome: Any, text: str) -> ChangeTried:
    names = {"program": name_of(program), "changed": name_of(changed)}
    test = {"test_input": f"2\n{text}", "test_output": "4\n"}
    return ChangeTried(way="fix", outcome=outcome, before="WA", after="AC", **names, **test)


def _best(code: str, started: float, calls: int, tokens: int, dollars: float) -> Best:
    spent = {"calls": calls, "tokens": tokens, "dollars": dollars}
    return Best(program=name_of(code), code=code, started=started, **spent)


def _checkpoint(best: Best, right: set[str]) -> Checkpoint:
    spent = best.model_dump(include={"program", "calls", "tokens", "dollars"})
    solved = best.code in right
    return Checkpoint(**spent, seconds=best.started, solved=solved, hidden_rate=1.0 if solved else 5 / 7)
