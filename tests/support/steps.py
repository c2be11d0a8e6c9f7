"""Calls of stages as credit looks at them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eval.data.problem_set import Known
from eval.rollouts.score import Score, SetResult
from optimize.credit.credit import credit_of
from optimize.credit.evidence import Credit, Episode, Step
from program.problem import Problem
from program.rollout.trace import Trace


def step(stage: str, outputs: dict[str, Any], **inputs: Any) -> Step:
    return Step(stage, f"{stage}.predict", inputs, outputs)


def credit_by(episode: Callable[..., Episode]) -> Callable[..., Credit]:
    """The credit of the first of some calls, in the episode that `episode` makes of them; there must be one."""

    def credit(first: Step, *more: Step, **settings: Any) -> Credit:
        given = credit_of(first, episode(first, *more, **settings))
        assert given is not None
        return given

    return credit


def score_at(rate: float) -> Score:
    """What four hidden tests would say of a program that passes this share of them, and the two public ones unless it
    passes nothing."""
    passed = round(rate * 4)
    hidden = SetResult(passed=passed, total=4, verdict="AC" if passed == 4 else "WA")
    public = SetResult(passed=2 if rate else 0, total=2, verdict="AC" if rate else "WA")
    none = SetResult(passed=0, total=0, verdict="AC")
    return Score(
        public=public, private=hidden, generated=none, hidden_rate=passed / 4, solved=passed == 4, judge_seconds=0.0
    )


def episode_of(
    problem: Problem,
    rates: Mapping[str, float],
    known: Known,
    steps: Sequence[Step],
    hidden: Sequence[str] = (),
    **more,
) -> Episode:
    """A rollout with these calls. Of every program the share of hidden tests that it passes is known, so none is
    judged."""
    return Episode(
        problem=problem,
        known=known,
        hidden=frozenset(hidden),
        steps=list(steps),
        trace=Trace(),
        score=lambda code: score_at(rates[code]),
        is_right=lambda code: rates[code] == 1.0,
        threshold=1.0,
        measure=lambda score: score.hidden_rate,
        **more,
    )
