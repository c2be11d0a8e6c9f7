"""What a rollout costs, and what a solved one costs when the failures are paid for too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from eval.numbers.criteria import judged_by_problem
from eval.numbers.intervals import Estimate, mean_estimate, quantile_estimate, ratio_estimate
from eval.rollouts.rollout import Rollout


@dataclass(frozen=True)
class Cost:
    """One kind of cost, with intervals over problems.

    each: of one rollout, that is of one try at a problem.
    per_solved: all that was spent on judged rollouts, over the number that solved; None where none did.
    """

    what: str
    each: Estimate
    per_solved: Estimate | None


@dataclass(frozen=True)
class Latency:
    """Wall-clock seconds of a rollout, without the judging of its answer: median and 95th percentile.

    over: of which rollouts: "all" or "solved".
    """

    over: str
    p50: Estimate
    p95: Estimate


def costs(rollouts: Iterable[Rollout]) -> list[Cost]:
    """Calls, tokens, dollars (where every price is known) and seconds of one arm; lost rollouts are in none."""
    problems = list(judged_by_problem(rollouts).values())
    if not problems:
        return []
    solved = [sum(each.status == "solved" for each in samples) for samples in problems]
    found = []
    for what, spent in _KINDS.items():
        values = [[spent(each) if each.cost_known else None for each in samples] for samples in problems]
        known = [[value for value in samples if value is not None] for samples in values]
        if any(len(some) < len(every) for some, every in zip(known, values, strict=True)):
            continue
        each = mean_estimate([sum(samples) / len(samples) for samples in known])
        per_solved = ratio_estimate([sum(samples) for samples in known], solved) if any(solved) else None
        found.append(Cost(what, each, per_solved))
    return found


def cost_ratios(first: Iterable[Rollout], second: Iterable[Rollout]) -> dict[str, Estimate]:
    """How many times what the first arm spends on a problem the second does, on the problems both have; kinds of cost
    that are unknown or nothing in the first arm are left out.
    """
    one, two = judged_by_problem(first), judged_by_problem(second)
    shared = sorted(set(one) & set(two))
    found = {}
    for what in COMPARED:
        spent = _KINDS[what]
        sides = [
            [[spent(each) if each.cost_known else None for each in arm[name]] for name in shared] for arm in (one, two)
        ]
        if any(value is None for side in sides for samples in side for value in samples):
            continue
        before, after = ([sum(v or 0.0 for v in samples) / len(samples) for samples in side] for side in sides)
        if sum(before) > 0:
            found[what] = ratio_estimate(after, before)
    return found


def latencies(rollouts: Iterable[Rollout]) -> list[Latency]:
    """Latency of all judged rollouts and of those that solved; the latter only where there are any."""
    problems = list(judged_by_problem(rollouts).values())
    timed = [[each for each in samples if each.cost_known] for samples in problems]
    everything = [[each.seconds for each in samples] for samples in timed if samples]
    solved = [[each.seconds for each in samples if each.status == "solved"] for samples in timed]
    found = []
    for over, seconds in (("all", everything), ("solved", [samples for samples in solved if samples])):
        if seconds:
            found.append(Latency(over, quantile_estimate(seconds, 0.5), quantile_estimate(seconds, 0.95)))
    return found


COMPARED = ("LM calls", "tokens", "USD", "seconds")
_KINDS: dict[str, Callable[[Rollout], float | None]] = {
    "LM calls": lambda rollout: rollout.totals.calls,
    "tokens": lambda rollout: rollout.totals.prompt_tokens + rollout.totals.completion_tokens,
    "prompt tokens": lambda rollout: rollout.totals.prompt_tokens,
    "prompt tokens from a prefix cache": lambda rollout: rollout.totals.cached_tokens,
    "answer tokens": lambda rollout: rollout.totals.completion_tokens,
    "USD": lambda rollout: rollout.totals.dollars,
    "seconds": lambda rollout: rollout.seconds,
    "seconds of the judge inside the flow": lambda rollout: rollout.totals.judge_seconds,
}
