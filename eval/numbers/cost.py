"""The cost of a rollout, and the cost per solved rollout, which includes the cost of failures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from eval.numbers.criteria import judged_by_problem
from eval.numbers.intervals import Estimate, mean_estimate, quantile_estimate, ratio_estimate
from eval.rollouts.rollout import Rollout
from program.rollout.trace import Call, Totals

Kind = Callable[[Rollout], float | None]  # one kind of cost of a rollout; None if unknown
Unit = Literal["calls", "tokens", "dollars", "seconds"]
WEIGHTED = "tokens weighted by price"
# The units of a budget, and their names in tables.
UNITS: dict[Unit, str] = {"calls": "LM calls", "tokens": "tokens", "dollars": "USD", "seconds": "seconds"}


@dataclass(frozen=True)
class Cost:
    """One kind of cost, with intervals over problems.

    each: per rollout, that is per attempt at a problem.
    per_solved: the cost of all judged rollouts over the number of solved ones; None if none is solved.
    """

    each: Estimate
    per_solved: Estimate | None


@dataclass(frozen=True)
class Latency:
    """Wall-clock seconds of a rollout without the judging of its answer: median and 95th percentile."""

    p50: Estimate
    p95: Estimate


def costs(rollouts: Iterable[Rollout]) -> dict[str, Cost]:
    """Calls, tokens, dollars (if every price is known) and seconds of one arm, by their names in tables. Rollouts that
    were not judged are left out."""
    problems = list(judged_by_problem(rollouts).values())
    solved = [sum(each.status == "solved" for each in samples) for samples in problems]
    found = {}
    for what in _KINDS:
        spent = _spent(_KINDS[what], problems)
        if spent:
            each = mean_estimate([sum(samples) / len(samples) for samples in spent])
            per_solved = ratio_estimate([sum(samples) for samples in spent], solved) if any(solved) else None
            found[what] = Cost(each, per_solved)
    return found


def cost_ratios(first: Iterable[Rollout], second: Iterable[Rollout]) -> dict[str, Estimate]:
    """The cost of the second arm as a multiple of the first arm's, on the problems of both. Kinds of cost that are
    unknown, or zero in the first arm, are left out.
    """
    pairs = _paired(first, second, {what: _KINDS[what] for what in UNITS.values()})
    return {what: ratio_estimate(after, before) for what, (before, after) in pairs.items() if after and sum(before) > 0}


def cost_of(rollout: Rollout, unit: Unit) -> float | None:
    """The cost of the whole rollout; None if unknown."""
    return _KINDS[UNITS[unit]](rollout) if rollout.cost_known else None


# The price of a token relative to an answer token: medians over the 2,938 models of LiteLLM's price list (November
# 2026).
PROMPT_TOKEN = 0.25
CACHED_TOKEN = 0.1 * PROMPT_TOKEN


class PriceRatio(NamedTuple):
    """The cost of one arm as a multiple of another's, and the unit."""

    value: float
    unit: str


def price_ratio(
    first: Iterable[Rollout], second: Iterable[Rollout], weights: Mapping[str, float] | None = None
) -> PriceRatio | None:
    """The cost per rollout of the second arm as a multiple of the first arm's, on the problems of both: in dollars if
    prices are known, else in tokens weighted by usual prices. None if both are unknown.

    Args:
        first, second: rollouts of each arm.
        weights: of a token, by the model's name; 1 for all other models.
    """
    weights = weights or {}
    kinds: dict[str, Kind] = {"USD": _KINDS["USD"], WEIGHTED: lambda rollout: _weighted(rollout, weights)}
    for unit, (before, after) in _paired(first, second, kinds).items():
        if sum(before) > 0 and sum(after) > 0:
            said = "".join(f", those of {model} times {weight:g}" for model, weight in weights.items())
            return PriceRatio(sum(after) / sum(before), unit if unit == "USD" else unit + said)
    return None


def _weighted(rollout: Rollout, weights: Mapping[str, float]) -> float | None:
    if not rollout.totals.tokens_known:
        return None
    further = sum((weights.get(call.model, 1) - 1) * _in_answer_tokens(call) for call in rollout.trace.calls)
    return _in_answer_tokens(rollout.totals) + further


def _in_answer_tokens(spent: Totals | Call) -> float:
    fresh = spent.prompt_tokens - spent.cached_tokens
    return spent.completion_tokens + PROMPT_TOKEN * fresh + CACHED_TOKEN * spent.cached_tokens


def _paired(
    first: Iterable[Rollout], second: Iterable[Rollout], kinds: Mapping[str, Kind]
) -> dict[str, tuple[list[float], list[float]]]:
    """By kind of cost, the mean cost per rollout of each arm for each problem that both have; a side is empty if its
    cost is unknown."""
    one, two = judged_by_problem(first), judged_by_problem(second)
    shared = sorted(set(one) & set(two))

    def means(kind: Kind, arm: Mapping[str, Sequence[Rollout]]) -> list[float]:
        return [sum(samples) / len(samples) for samples in _spent(kind, [arm[name] for name in shared])]

    return {what: (means(kind, one), means(kind, two)) for what, kind in kinds.items()}


def _spent(kind: Kind, problems: Iterable[Sequence[Rollout]]) -> list[list[float]]:
    """The cost of every sample of every problem; empty if any cost is unknown."""
    spent = [[kind(each) if each.cost_known else None for each in samples] for samples in problems]
    known = [[value for value in samples if value is not None] for samples in spent]
    return known if known == spent else []


def latencies(rollouts: Iterable[Rollout]) -> dict[str, Latency]:
    """Latency of all judged rollouts ("all") and of the solved ones ("solved"), each if there are any."""
    problems = judged_by_problem(rollouts).values()
    everything = [[each for each in samples if each.cost_known] for samples in problems]
    solved = [[each for each in samples if each.status == "solved"] for samples in everything]
    found = {}
    for over, timed in (("all", everything), ("solved", solved)):
        seconds = [[each.seconds for each in samples] for samples in timed if samples]
        if seconds:
            found[over] = Latency(quantile_estimate(seconds, 0.5), quantile_estimate(seconds, 0.95))
    return found


def _if_known(totals: Totals, tokens: int) -> int | None:
    return tokens if totals.tokens_known else None


_KINDS: dict[str, Kind] = {
    "LM calls": lambda rollout: rollout.totals.calls,
    "tokens": lambda rollout: rollout.totals.tokens,
    "prompt tokens": lambda rollout: _if_known(rollout.totals, rollout.totals.prompt_tokens),
    "prompt tokens from a prefix cache": lambda rollout: _if_known(rollout.totals, rollout.totals.cached_tokens),
    "answer tokens": lambda rollout: _if_known(rollout.totals, rollout.totals.completion_tokens),
    "USD": lambda rollout: rollout.totals.dollars,
    WEIGHTED: lambda rollout: _weighted(rollout, {}),
    "seconds": lambda rollout: rollout.seconds,
    "seconds of the judge inside the flow": lambda rollout: rollout.totals.judge_seconds,
}
