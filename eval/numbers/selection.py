"""The evidence that a flow itself has about a program: the tests that it may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from eval.numbers.criteria import judged_by_problem
from eval.numbers.intervals import Estimate, mean_share
from eval.numbers.pass_at_k import n_at_k, refuse_too_few
from eval.rollouts.rollout import Rollout
from program.rollout.trace import Event, JudgeRun, name_of

Evidence = tuple[float, float]  # share of public tests passed, share of the rollout's own AI tests passed


def evidence_of(rollout: Rollout) -> Evidence:
    """The result of the rollout's answer on the tests that its flow could see.

    If the flow ran no public tests, the public score of its answer counts, because any user could run them. Every
    rollout writes its own AI tests, so shares are used and not counts. A rollout without a program has (-1, 0).
    """
    if not rollout.code.strip() or rollout.score is None:
        return -1.0, 0.0
    public = rollout.score.public
    return _share(public.passed, public.total), ai_share(rollout.trace.events, name_of(rollout.code))


def n_at_k_of(rollouts: Iterable[Rollout], n: int, k: int) -> Estimate:
    """n@k of one arm over all its judged problems, selected by the flow's own evidence.

    Raises:
        TooFewSamples: a problem has fewer judged samples than k, or there is no problem.
        ValueError: n is not between 1 and k.
    """
    problems = judged_by_problem(rollouts).values()
    refuse_too_few(f"{n}@{k}", k, [len(samples) for samples in problems])
    found = []
    for samples in problems:
        solved = [sample.status == "solved" for sample in samples]
        found.append(n_at_k([evidence_of(sample) for sample in samples], solved, n, k))
    return mean_share(found)


def public_share(events: Sequence[Event], program: str, total: int) -> float:
    """Share of the `total` public tests that the program with this name passed in the flow."""
    return _share(verdicts_of(events, program, "public").count("AC"), total)


def ai_share(events: Sequence[Event], program: str) -> float:
    """Share of AI tests that the program with this name passed in the flow; 0 if it was run on none."""
    verdicts = verdicts_of(events, program, "ai")
    return _share(verdicts.count("AC"), len(verdicts)) if verdicts else 0.0


def verdicts_of(events: Sequence[Event], program: str, tests: Literal["public", "ai"]) -> list[str]:
    """The verdicts of the program with this name in the flow."""
    # A workbench runs no test twice on one program, so its runs add up.
    runs = [e for e in events if isinstance(e, JudgeRun) and (e.program, e.tests) == (program, tests)]
    return [verdict for run in runs for verdict in run.verdicts]


def _share(passed: int, total: int) -> float:
    return passed / total if total else 1.0
