"""Which rollouts count as solved, by which tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from eval.rollouts.rollout import Rollout
from eval.rollouts.score import Score

# all: public, private and generated tests; hidden: private and generated.
Criterion = Literal["all", "public", "private", "hidden"]


def judged_by_problem(rollouts: Iterable[Rollout]) -> dict[str, list[Rollout]]:
    """Problem name to its judged rollouts by sample number; problems without any are left out."""
    found: dict[str, list[Rollout]] = defaultdict(list)
    for rollout in sorted(rollouts, key=lambda each: (each.problem, each.sample)):
        if rollout.score is not None:
            found[rollout.problem].append(rollout)
    return dict(found)


def passes(score: Score, criterion: Criterion = "all") -> bool | None:
    """Whether a judged program passes every test of the criterion; None if the problem has no such test."""
    match criterion:
        case "all":
            return score.solved
        case "public":
            sets = [score.public]
        case "private":
            sets = [score.private]
        case "hidden":
            sets = [score.private, score.generated]
    total = sum(each.total for each in sets)
    return sum(each.passed for each in sets) == total if total else None


def outcomes(rollouts: Iterable[Rollout], criterion: Criterion = "all") -> dict[str, list[bool]]:
    """Problem name to whether each judged sample passed; problems without tests of the criterion are left out."""
    found = {}
    for problem, samples in judged_by_problem(rollouts).items():
        passed = [passes(sample.score, criterion) for sample in samples if sample.score]
        if None not in passed:
            found[problem] = [bool(each) for each in passed]
    return found


def hidden_rates(rollouts: Iterable[Rollout]) -> dict[str, float]:
    """Problem name to the mean hidden-test pass rate of its judged samples."""
    rates = {
        problem: [sample.score.hidden_rate for sample in samples if sample.score]
        for problem, samples in judged_by_problem(rollouts).items()
    }
    return {problem: sum(each) / len(each) for problem, each in rates.items()}


def shares(done: Mapping[str, Sequence[bool]]) -> dict[str, float]:
    """Problem name to the share of its samples that passed. Every mean and interval is over these shares."""
    return {problem: sum(passed) / len(passed) for problem, passed in done.items()}
