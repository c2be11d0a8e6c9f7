"""Stored rollouts made by hand, for tests of what is worked out from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.rollouts.rollout import IMPORTED, Checkpoint, Pick, Rollout
from eval.rollouts.run_folder import RunFolder
from eval.rollouts.score import Score, SetResult
from program.rollout.trace import JudgeRun, Totals, Trace, name_of

CODE = "print(1)\n"


def made(passed: int, total: int) -> SetResult:
    return SetResult(passed=passed, total=total, verdict="AC" if passed == total else "WA")


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
    judged; `picks` say which of the programs handed in solve it."""
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
    generated = generated or made(0, 0)
    score = Score(
        public=made(int(2 * public), 2),
        private=made(int(4 * hidden), 4),
        generated=generated,
        hidden_rate=(int(4 * hidden) + generated.passed) / (4 + generated.total),
        solved=hidden == 1 and public == 1 and generated.passed == generated.total,
        judge_seconds=0.1,
    )
    return made_up.model_copy(update={"score": score, "status": "solved" if score.solved else "failed"})


def checkpoint(
    calls: int, solved: bool, *, code: str = CODE, fixes: int = 0, dollars: float | None = None
) -> Checkpoint:
    """What was held best after so many calls; a call costs 100 tokens and a second."""
    return Checkpoint(
        program=name_of(code),
        calls=calls,
        tokens=100 * calls,
        dollars=dollars,
        seconds=calls,
        fixes=fixes,
        solved=solved,
        hidden_rate=float(solved),
    )


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
    opened = RunFolder(folder, config_of(arms, problems, **{"samples": samples, **changes}))
    for each in rollouts:
        opened.append(each)
    return folder


def rates(arms: Mapping[str, Mapping[str, float | None]]) -> list[Rollout]:
    """One rollout for each arm and problem, with the given hidden rate."""
    return [rollout(name, hidden, arm=arm) for arm, each in arms.items() for name, hidden in each.items()]
