"""What a rollout costs, and what a solved one costs when the failures are paid for too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from eval.numbers.criteria import judged_by_problem
from eval.numbers.intervals import Estimate, mean_estimate, quantile_estimate, ratio_estimate
from eval.rollouts.rollout import Rollout
from program.rollout.trace import Call, Totals

Kind = Callable[[Rollout], float | None]  # what a rollout cost of a kind; None where that is not known
Unit = Literal["calls", "tokens", "dollars", "seconds"]
WEIGHTED = "tokens weighted by price"
# What a budget may be of, and what tables call it.
UNITS: dict[Unit, str] = {"calls": "LM calls", "tokens": "tokens", "dollars": "USD", "seconds": "seconds"}


@dataclass(frozen=True)
class Cost:
    """One kind of cost, with intervals over problems.

    each: of one rollout, that is of one try at a problem.
    per_solved: all that was spent on judged rollouts, over the number that solved; None where none did.
    """

    each: Estimate
    per_solved: Estimate | None


@dataclass(frozen=True)
class Latency:
    """Wall-clock seconds of a rollout, without the judging of its answer: median and 95th percentile."""

    p50: Estimate
    p95: Estimate


def costs(rollouts: Iterable[Rollout]) -> dict[str, Cost]:
    """Calls, tokens, dollars (where every price is known) and seconds of one arm, by what tables call them; lost
    rollouts are in none."""
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
    """How many times what the first arm spends on a problem the second does, on the problems both have; kinds of cost
    that are unknown or nothing in the first arm are left out.
    """
    pairs = _paired(first, second, {what: _KINDS[what] for what in UNITS.values()})
    return {what: ratio_estimate(after, before) for what, (before, after) in pairs.items() if after and sum(before) > 0}


def cost_of(rollout: Rollout, unit: Unit) -> float | None:
    """What the whole rollout cost; None where that is not known."""
    return _KINDS[UNITS[unit]](rollout) if rollout.cost_known else None


# The price of a token, in answer tokens: medians over the 2,938 models of LiteLLM's price list (November 2026).
PROMPT_TOKEN = 0.25
CACHED_TOKEN = 0.1 * PROMPT_TOKEN


class PriceRatio(NamedTuple):
    """How many times what one arm pays another one does, and in what it is counted."""

    value: float
    unit: str


def price_ratio(
    first: Iterable[Rollout], second: Iterable[Rollout], weights: Mapping[str, float] | None = None
) -> PriceRatio | None:
    """How many times what the first arm pays for a rollout the second does, on the problems both have: dollars where
    prices are known, else tokens weighted by usual prices. None where neither is known.

    Args:
        first, second: rollouts of each arm.
        weights: what a token of some models counts as, by their names; of all others 1.
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
    """By kind of cost, what a rollout of each arm cost on average, problem by problem, on those that both have; a side
    is empty where that is not known."""
    one, two = judged_by_problem(first), judged_by_problem(second)
    shared = sorted(set(one) & set(two))

    def means(kind: Kind, arm: Mapping[str, Sequence[Rollout]]) -> list[float]:
        return [sum(samples) / len(samples) for samples in _spent(kind, [arm[name] for name in shared])]

    return {what: (means(kind, one), means(kind, two)) for what, kind in kinds.items()}


def _spent(kind: Kind, problems: Iterable[Sequence[Rollout]]) -> list[list[float]]:
    """What every sample of every problem cost; nothing where that is not known of all."""
    spent = [[kind(each) if each.cost_known else None for each in samples] for samples in problems]
    known = [[value for value in samples if value is not None] for samples in spent]
    return known if known == spent else []


def latencies(rollouts: Iterable[Rollout]) -> dict[str, Latency]:
    """Latency of all judged rollouts ("all") and of those that solved ("solved"), each where there are any."""
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
