"""How many problems would show a difference: against simulation, another library, and common sense.

The libraries take long to import: only the tests that compare with them do.
"""

import numpy as np
import pytest

from eval.numbers.paired_tests import mcnemar
from eval.numbers.power import difference_shown, problems_needed


def seen(lost: int, won: int, of: int) -> list[float]:
    return [-1.0] * lost + [1.0] * won + [0.0] * (of - lost - won)


def power_of_mcnemar(problems: int, lost: float, won: float) -> float:
    """The exact chance that the test shows the difference, all outcomes gone through."""
    from scipy import stats

    found = 0.0
    for flips in range(1, problems + 1):
        wins = np.arange(flips + 1)
        shown = np.array([mcnemar(flips - int(each), int(each)) <= 0.05 for each in wins])
        chance = stats.binom.pmf(flips, problems, lost + won)
        found += chance * float(stats.binom.pmf(wins, flips, won / (lost + won)) @ shown)
    return found


@pytest.mark.parametrize(("lost", "won", "of"), [(2, 10, 100), (10, 20, 100), (15, 35, 100), (1, 10, 20)])
def test_so_many_problems_show_the_difference_80_times_in_100(lost, won, of):
    needed = problems_needed(seen(lost, won, of))
    assert needed is not None
    assert 0.78 <= power_of_mcnemar(needed, lost / of, won / of) <= 0.85


def test_for_several_samples_it_is_about_what_a_paired_t_test_needs():
    from statsmodels.stats.power import TTestPower

    differences = list(np.random.default_rng(1).integers(-3, 5, size=60) / 5)
    effect = float(np.mean(differences) / np.std(differences))
    theirs = TTestPower().solve_power(effect_size=effect, alpha=0.05, power=0.8)
    assert problems_needed(differences) == pytest.approx(theirs, rel=0.1)


def test_a_smaller_difference_and_a_stricter_level_need_more_problems():
    assert problems_needed(seen(8, 12, 100)) > problems_needed(seen(4, 16, 100))
    assert problems_needed(seen(4, 16, 100), level=0.01) > problems_needed(seen(4, 16, 100))


def test_the_sign_of_the_difference_does_not_matter():
    assert problems_needed(seen(3, 9, 50)) == problems_needed(seen(9, 3, 50))


@pytest.mark.parametrize("differences", [[], [0.0, 0.0], [1.0, -1.0, 0.0]])
def test_no_number_of_problems_shows_no_difference(differences):
    assert problems_needed(differences) is None


def test_what_this_size_would_show_is_what_needs_this_size():
    least = difference_shown(seen(15, 15, 100))
    won = round(50 * (0.3 + least))
    assert problems_needed(seen(30 - won, won, 100)) == pytest.approx(100, rel=0.15)


def test_arms_that_never_differ_say_nothing_of_what_would_be_shown():
    assert difference_shown([0.0] * 30) is None and difference_shown([]) is None
