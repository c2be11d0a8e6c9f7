"""The chance that a difference is shown: against every outcome gone through, simulation, and common sense.

The libraries take long to import: only the tests that compare with them do.
"""

import numpy as np
import pytest

from eval.numbers.paired_tests import mcnemar, paired_p
from eval.numbers.power import power


def seen(flips: int, of: int) -> list[float]:
    return [-1.0] * (flips // 2) + [1.0] * (flips - flips // 2) + [0.0] * (of - flips)


def exact_power(problems: int, lost: float, won: float, level: float) -> float:
    """The chance that McNemar's test shows the difference, all outcomes gone through."""
    from scipy import stats

    found = 0.0
    for flips in range(1, problems + 1):
        wins = np.arange(flips + 1)
        shown = np.array([mcnemar(flips - each, each) <= level for each in wins.tolist()])
        chance = stats.binom.pmf(flips, problems, lost + won)
        found += chance * float(stats.binom.pmf(wins, flips, won / (lost + won)) @ shown)
    return found


@pytest.mark.parametrize("level", [0.05, 0.0125])
@pytest.mark.parametrize(("problems", "flipped"), [(12, 0.3), (36, 0.1), (36, 0.2), (36, 0.3), (117, 0.3), (200, 0.25)])
def test_the_chance_with_one_sample_is_that_of_all_outcomes(problems, flipped, level):
    exact = exact_power(problems, (flipped - 0.1) / 2, (flipped + 0.1) / 2, level)
    assert power(seen(round(100 * flipped), 100), level, problems) == pytest.approx(exact, abs=0.03)


@pytest.mark.long
@pytest.mark.parametrize(("problems", "samples"), [(36, 3), (60, 5), (165, 3)])
def test_the_chance_with_several_samples_is_that_of_two_arms_with_a_known_gain(problems, samples):
    """The second arm's skill is ten points better on average; power is asked of pairs of arms like these."""
    draw = np.random.default_rng(problems)
    skill = draw.beta(0.3, 0.5, size=(1500, problems))
    gain = 0.1 / (0.15 / 0.8 / 1.8)
    better = skill + gain * skill * (1 - skill)
    moved = (draw.binomial(samples, better) - draw.binomial(samples, skill)) / samples
    found = np.mean([paired_p(each.tolist()) <= 0.05 for each in moved])
    said = np.mean([power(each.tolist()) for each in moved[:60]])
    assert said == pytest.approx(found, abs=0.06)


def test_more_problems_have_more_power_and_a_stricter_level_less():
    few, many, strict = power(seen(9, 36)), power(seen(9, 36), problems=72), power(seen(9, 36), level=0.0125)
    assert strict < few < many


def test_a_larger_gain_is_easier_to_show_and_its_sign_does_not_matter():
    assert power(seen(20, 60), gain=0.2) > power(seen(20, 60)) + 0.2
    assert power([-each for each in seen(15, 60)]) == power(seen(15, 60))


def test_where_hardly_any_problem_differs_as_many_do_as_the_gain_needs():
    assert power([1.0] + [0.0] * 35) == pytest.approx(exact_power(36, 0.0, 0.1, 0.05), abs=0.03)
    assert power([0.01] * 30) == 1.0


def test_arms_that_never_differ_say_nothing_of_power():
    assert power([0.0] * 30) is None and power([]) is None
