"""Do intervals cover, do tests keep their error rates? `python -m benchmarks.numbers.statistics [--simulations N]`.

Prints Markdown tables. Single samples are gone through outcome by outcome, so those numbers are exact; the others are
simulated with a seed. Problems are drawn from a population with U-shaped skill, as contests are: many that are nearly
always solved or never. Beside each interval stands the plain percentile bootstrap, which it replaces.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable

import numpy as np
from scipy import stats

from eval.numbers import intervals, paired_tests
from eval.numbers.intervals import Estimate, difference_estimate, mean_estimate, mean_share, quantile_estimate
from eval.numbers.paired_tests import mcnemar, sign_flip
from eval.numbers.power import problems_needed
from eval.tables.markdown import table

SIZES = (18, 36, 117, 165)
SAMPLES = 5
SKILL = (0.3, 0.5)  # a beta distribution: mean 0.375, most problems near 0 or 1
Numbers = np.ndarray
Draw = np.random.Generator


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.numbers.statistics", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--simulations", type=int, default=2000, help="of each setting (default: %(default)s)")
    options = parser.parse_args()
    # Enough for rates over thousands of intervals and tests, which need no last digits.
    paired_tests.FLIPS, intervals.RESAMPLES = 1999, 500
    for title, rows in (
        ("solved, one sample (exact)", proportions()),
        (f"solved, {SAMPLES} samples", shares(options.simulations)),
        ("paired difference, one sample (exact)", flips()),
        (f"paired difference, {SAMPLES} samples", differences(options.simulations)),
        ("cost of a rollout, log-normal", costs(options.simulations // 4)),
    ):
        print(f"\nCoverage of 95 % intervals: {title}\n", flush=True)
        print(table(["problems", "setting", "ours", "percentile bootstrap"], rows), flush=True)
    print("\nDifferences found where there is none, at p ≤ 0.05\n", flush=True)
    print(table(["problems", "setting", "found"], false_positives(options.simulations)), flush=True)
    print("\nPower at the number of problems that `eval.compare` names for 80 %\n", flush=True)
    print(table(["flips: lost, won", "problems named", "power"], power()), flush=True)


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
        ours = [_difference(each) for each in values]
        for lost, won in ((0.02, 0.08), (0.1, 0.1), (0.1, 0.3)):
            outcomes = [(b, c, count - b - c) for b, c in cases]
            likely = stats.multinomial.pmf(outcomes, count, [lost, won, 1 - lost - won])
            covered = [_covers(each, won - lost) for each in ours]
            theirs = [
                _covers(_percentile(v), won - lost) if p > 1e-5 else True for v, p in zip(values, likely, strict=True)
            ]
            setting = f"{lost:.0%} lost, {won:.0%} won"
            yield [str(count), setting, _percent(likely @ np.array(covered)), _percent(likely @ np.array(theirs))]


def differences(simulations: int) -> Iterable[list[str]]:
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
        for flipped in (0.1, 0.4):
            found = 0.0
            for moved in range(count + 1):
                won = np.arange(moved + 1)
                wrong = np.array([mcnemar(moved - int(each), int(each)) <= 0.05 for each in won])
                found += stats.binom.pmf(moved, count, flipped) * float(stats.binom.pmf(won, moved, 0.5) @ wrong)
            yield [str(count), f"McNemar, {flipped:.0%} flip (exact)", _percent(found)]
        first, second = _two_arms(np.random.default_rng(count), simulations, count, 0.0)
        wrong = [sign_flip(list(each), seed) <= 0.05 for seed, each in enumerate(second - first)]
        yield [str(count), f"permutation, {SAMPLES} samples", _percent(np.mean(wrong))]


def power() -> Iterable[list[str]]:
    for lost, won in ((2, 8), (5, 10), (10, 20), (15, 35)):
        needed = problems_needed([-1.0] * lost + [1.0] * won + [0.0] * (100 - lost - won))
        assert needed is not None
        found = 0.0
        for moved in range(1, needed + 1):
            wins = np.arange(moved + 1)
            chance = stats.binom.pmf(moved, needed, (lost + won) / 100)
            if chance > 1e-9:
                shown = np.array([mcnemar(moved - int(each), int(each)) <= 0.05 for each in wins])
                found += chance * float(stats.binom.pmf(wins, moved, won / (lost + won)) @ shown)
        yield [f"{lost} %, {won} %", str(needed), _percent(found)]


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


def _difference(differences: Iterable[float]) -> Estimate:
    values = list(differences)
    return difference_estimate([0.0] * len(values), values)


def _covers(estimate: Estimate, truth: float) -> bool:
    return bool(estimate.low - 1e-9 <= truth <= estimate.high + 1e-9)


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


if __name__ == "__main__":
    main()
