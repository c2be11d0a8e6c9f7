"""Coverage of intervals, and error rates and power of tests: `python -m benchmarks.numbers.statistics`.

Prints Markdown tables. For single samples all outcomes are enumerated, so those numbers are exact; the others are
simulated with a seed. Problems come from a population with U-shaped skill, like contests: many are almost always or
never solved. Each interval is compared with the plain percentile bootstrap, which it replaces. Power is that of two
prompts of the flow that differ as in the stored run of `benchmarks.numbers.detectable`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.numbers.detectable import differences_of_prompts
from eval.numbers import intervals
from eval.numbers.intervals import Estimate, mean_estimate, mean_share, quantile_estimate
from eval.numbers.paired import differences
from eval.numbers.paired_tests import mcnemar, sign_flip
from eval.numbers.power import GAIN, power
from eval.tables.markdown import table

SIZES = (18, 36, 117, 165)
SAMPLES = 5
SKILL = (0.3, 0.5)  # a beta distribution: mean 0.375, most problems near 0 or 1
GAINS = (0.0, 0.0, 0.3, 0.96)  # times skill · (1 - skill), in a family: 0, 0, 3 and 10 points on average
Numbers = np.ndarray
Draw = np.random.Generator


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.numbers.statistics", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "--simulations", type=int, default=2000, help="simulations of each setting (default: %(default)s)"
    )
    options = parser.parse_args()
    intervals.RESAMPLES = 500  # enough for rates over thousands of intervals
    for title, rows in (
        ("solved, one sample (exact)", proportions()),
        (f"solved, {SAMPLES} samples", shares(options.simulations)),
        ("paired difference, one sample (exact)", flips()),
        (f"paired difference, {SAMPLES} samples", gains(options.simulations)),
        ("cost of a rollout, log-normal", costs(options.simulations // 4)),
    ):
        print(f"\nCoverage of 95 % intervals: {title}\n", flush=True)
        print(table(["problems", "setting", "ours", "percentile bootstrap"], rows), flush=True)
    print("\nDifferences found where there is none, at p ≤ 0.05\n", flush=True)
    print(table(["problems", "setting", "found"], false_positives(options.simulations)), flush=True)
    print("\nFamilies of four comparisons with one arm: two do not differ, two do by 3 and by 10 points\n", flush=True)
    head = ["problems", "samples", "a difference shown where there is none", "an interval without the truth"]
    print(table(head, families(options.simulations)), flush=True)
    print("\nChance that a true difference of 10 points is shown, one sample (exact)\n", flush=True)
    print(table(["problems", "lost, won", "exact McNemar", "mid-p McNemar"], single()), flush=True)
    print("\nThe same for prompts of the flow, by `power`\n", flush=True)
    print(table(["problems × samples", "one comparison", "after Holm over four"], chances()), flush=True)


def proportions() -> Iterable[list[str]]:
    for count in SIZES:
        for said, truths in (("5–20 % solved", (0.05, 0.1, 0.15, 0.2)), ("30–70 % solved", (0.3, 0.4, 0.5, 0.6, 0.7))):
            values = [[1.0] * ones + [0.0] * (count - ones) for ones in range(count + 1)]
            both = [[method(each) for each in values] for method in (mean_share, _percentile)]
            covered = []
            for found in both:
                likely = [stats.binom.pmf(np.arange(count + 1), count, truth) for truth in truths]
                inside = [[_covers(each, truth) for each in found] for truth in truths]
                covered.append(np.mean([p @ np.array(i) for p, i in zip(likely, inside, strict=True)]))
            yield [str(count), said, *map(_percent, covered)]


def shares(simulations: int) -> Iterable[list[str]]:
    for count in SIZES:
        draw = np.random.default_rng(count)
        solved = draw.binomial(SAMPLES, draw.beta(*SKILL, size=(simulations, count))) / SAMPLES
        yield [str(count), "U-shaped skill", *_coverage(solved, SKILL[0] / sum(SKILL), mean_share)]


def flips() -> Iterable[list[str]]:
    for count in SIZES[:3]:
        cases = [(b, c) for b in range(count + 1) for c in range(count - b + 1) if b + c <= 0.75 * count]
        values = [np.repeat([-1.0, 1.0, 0.0], [b, c, count - b - c]) for b, c in cases]
        ours = [_difference(each.tolist()) for each in values]
        for lost, won in ((0.02, 0.08), (0.1, 0.1), (0.1, 0.3)):
            outcomes = [(b, c, count - b - c) for b, c in cases]
            likely = stats.multinomial.pmf(outcomes, count, [lost, won, 1 - lost - won])
            covered = [_covers(each, won - lost) for each in ours]
            theirs = [
                _covers(_percentile(v), won - lost) if p > 1e-5 else True for v, p in zip(values, likely, strict=True)
            ]
            setting = f"{lost:.0%} lost, {won:.0%} won"
            yield [str(count), setting, _percent(likely @ np.array(covered)), _percent(likely @ np.array(theirs))]


def gains(simulations: int) -> Iterable[list[str]]:
    for count in SIZES:
        for said, gain in (("no gain", 0.0), ("gain of about 4 points", 0.3)):
            draw = np.random.default_rng(count)
            easy = draw.beta(*SKILL, size=10**6)
            truth = float(np.mean(gain * easy * (1 - easy)))
            first, second = _two_arms(draw, simulations, count, gain)
            yield [str(count), said, *_coverage(second - first, truth, _difference)]


def costs(simulations: int) -> Iterable[list[str]]:
    for count in SIZES[:3]:
        for spread in (0.4, 0.8):
            values = np.random.default_rng(count).lognormal(0.0, spread, size=(simulations, count))
            setting = f"mean, log-sd {spread}"
            yield [str(count), setting, *_coverage(values, np.exp(spread**2 / 2), mean_estimate)]
        for share in (0.5, 0.95):
            truth, few = np.exp(0.4 * stats.norm.ppf(share)), max(1, simulations // 4)
            covered = [
                _covers(quantile_estimate([[each] for each in row], share), truth)
                for row in np.random.default_rng(count).lognormal(0.0, 0.4, size=(few, count))
            ]
            yield [str(count), f"{share:.0%} quantile, log-sd 0.4", _percent(np.mean(covered)), "–"]


def false_positives(simulations: int) -> Iterable[list[str]]:
    for count in SIZES:
        for flipped in (0.1, 0.25, 0.5):
            yield [str(count), f"McNemar (mid-p), {flipped:.0%} flip (exact)", _percent(_found(count, flipped))]
        draw = np.random.default_rng(count)
        skill = draw.beta(*SKILL, size=(simulations, count))
        for first, second in ((SAMPLES, SAMPLES), (3, 3), (3, 1)):
            moved = draw.binomial(second, skill) / second - draw.binomial(first, skill) / first
            wrong = np.mean([sign_flip(each.tolist()) <= 0.05 for each in moved])
            yield [str(count), f"sign-flip, {first} samples against {second}", _percent(wrong)]
        hidden = [_hidden(draw, skill) for _ in range(2)]
        wrong = np.mean([sign_flip(each.tolist()) <= 0.05 for each in hidden[1] - hidden[0]])
        yield [str(count), "sign-flip, hidden tests passed", _percent(wrong)]


def _found(count: int, flipped: float, gain: float = 0.0, test: Callable[[int, int], float] = mcnemar) -> float:
    """How often a test on single samples finds a difference, if the arms flip this share of the problems."""
    flips = np.arange(count + 1)
    called = [[won <= n and test(n - won, won) <= 0.05 for won in flips.tolist()] for n in flips.tolist()]
    ahead = stats.binom.pmf(flips[None, :], flips[:, None], (1 + gain / flipped) / 2)
    return float((stats.binom.pmf(flips, count, flipped)[:, None] * ahead * called).sum())


def _exact(lost: int, won: int) -> float:
    return sign_flip([-1.0] * lost + [1.0] * won)


def _hidden(draw: Draw, skill: Numbers) -> Numbers:
    """The share of hidden tests that one program passes: all if it solves the problem, else some."""
    tests = draw.integers(5, 200, size=skill.shape)
    part = draw.binomial(tests, draw.beta(0.5, 1.5, size=skill.shape)) / tests
    return np.where(draw.random(skill.shape) < skill, 1.0, part)


def families(simulations: int) -> Iterable[list[str]]:
    for count in SIZES:
        for samples in (1, 3):
            draw = np.random.default_rng(count)
            skill = draw.beta(*SKILL, size=(simulations, count))
            arms = [draw.binomial(samples, skill + g * skill * (1 - skill)) / samples for g in (0.0, *GAINS)]
            found = [differences([(first, each) for each in others]) for first, *others in zip(*arms, strict=True)]
            truths = [gain * SKILL[0] * SKILL[1] / sum(SKILL) / (sum(SKILL) + 1) for gain in GAINS]
            wrong = [any(each.shown for each, truth in zip(f, truths, strict=True) if not truth) for f in found]
            missed = [not all(_covers(e.estimate, truth) for e, truth in zip(f, truths, strict=True)) for f in found]
            yield [str(count), str(samples), _percent(np.mean(wrong)), _percent(np.mean(missed))]


def single() -> Iterable[list[str]]:
    for count, flipped in ((36, 0.25), (36, 0.3), (165, 0.25), (165, 0.3)):
        found = [_found(count, flipped, GAIN, test) for test in (_exact, mcnemar)]
        yield [str(count), f"{(flipped - GAIN) / 2:.1%}, {(flipped + GAIN) / 2:.1%}", *map(_percent, found)]


def chances() -> Iterable[list[str]]:
    for count, samples in ((36, 1), (36, 3), (117, 1), (165, 1), (165, 3), (200, 2)):
        moved = differences_of_prompts(samples)
        found = [power(moved, level, count) for level in (0.05, 0.05 / 4)]
        yield [f"{count} × {samples}", *(_percent(each) if each is not None else "–" for each in found)]


def _two_arms(draw: Draw, simulations: int, count: int, gain: float) -> tuple[Numbers, Numbers]:
    """Shares of solved samples of two arms on the same problems, shape (simulations, problems)."""
    skill = draw.beta(*SKILL, size=(simulations, count))
    better = skill + gain * skill * (1 - skill)
    return draw.binomial(SAMPLES, skill) / SAMPLES, draw.binomial(SAMPLES, better) / SAMPLES


def _coverage(simulated: Numbers, truth: float, method: Callable[[list[float]], Estimate]) -> list[str]:
    """How often our interval covers the truth; the bootstrap's is taken on every fourth simulation."""
    ours = [_covers(method(list(each)), truth) for each in simulated]
    theirs = [_covers(_percentile(each), truth) for each in simulated[::4]]
    return [_percent(np.mean(ours)), _percent(np.mean(theirs))]


def _percentile(values: Iterable[float]) -> Estimate:
    numbers = np.asarray(list(values))
    drawn = np.random.default_rng(0).integers(0, len(numbers), size=(500, len(numbers)))
    low, high = np.quantile(numbers[drawn].mean(axis=1), [0.025, 0.975])
    return Estimate(float(numbers.mean()), float(low), float(high))


def _difference(moved: list[float]) -> Estimate:
    (found,) = differences([([0.0] * len(moved), moved)])
    return found.estimate


def _covers(estimate: Estimate, truth: Any) -> bool:
    return bool(estimate.low <= truth <= estimate.high)


def _percent(share: Any) -> str:
    return f"{share:.1%}".replace("%", " %")


if __name__ == "__main__":
    main()
