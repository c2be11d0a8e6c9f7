"""The sentence a comparison ends in."""

from dataclasses import replace

import pytest

from eval.numbers.paired import Paired, pair, pair_all, sentence


def arms(lost: int, won: int, of: int) -> Paired:
    first = {f"problem {n}": [n < lost] for n in range(of)}
    second = {f"problem {n}": [lost <= n < lost + won] for n in range(of)}
    found = pair(first, second)
    assert found is not None
    return found


def test_a_difference_that_is_not_shown_says_how_many_problems_would_show_it():
    found = arms(3, 6, 40)
    said = sentence("plain", "tuned", found)
    assert said.startswith("tuned solves 7.5 points more than plain, 95 % CI -8.2 to 22.5, p = ")
    assert "p = 0.508: not shown at this size; " in said
    assert said.endswith(" problems would show such a difference with 80 % power.")
    needed = int(said.split("; ")[1].split()[0].replace(",", ""))
    assert 310 <= needed <= 340


def test_a_difference_that_is_shown_says_so():
    found = arms(1, 15, 40)
    assert found.p < 0.01
    assert sentence("plain", "tuned", found).endswith(": shown.")


def test_the_corrected_p_value_decides():
    found = arms(1, 9, 40)
    assert "p = 0.021: shown." in sentence("plain", "tuned", found)
    assert "p = 0.060 after Holm: not shown" in sentence("plain", "tuned", replace(found, corrected=0.06, arms=3))


def test_arms_compared_with_the_same_one_are_corrected_for_together_and_those_that_cannot_be_are_not_counted():
    first = {f"problem {n}": [False] for n in range(8)}
    better = {name: [place < 6] for place, name in enumerate(first)}
    one, none, other = pair_all(first, [better, {"elsewhere": [True]}, first])
    assert none is None and one is not None and other is not None
    assert (one.p, one.corrected, one.arms) == (0.03125, 0.0625, 2)
    assert (other.p, other.corrected, other.arms) == (1.0, 1.0, 2)


def test_several_comparisons_need_more_problems():
    found = arms(3, 6, 40)
    alone, among = (sentence("plain", "tuned", replace(found, arms=count)) for count in (1, 4))
    needed = [int(said.split("; ")[1].split()[0].replace(",", "")) for said in (alone, among)]
    assert needed[0] < needed[1]


def test_less_is_told_from_the_side_of_the_second_arm():
    said = sentence("plain", "tuned", arms(6, 3, 40))
    assert said.startswith("tuned solves 7.5 points less than plain, 95 % CI -8.2 to 22.5, p = ")


def test_equal_arms_say_what_would_have_been_seen():
    said = sentence("plain", "tuned", arms(5, 5, 40))
    assert said.startswith("tuned solves as much as plain, 95 % CI -")
    assert said.endswith("so many problems would show 22 points with 80 % power.")
    assert sentence("plain", "tuned", arms(0, 0, 40)).endswith("points.")


def test_one_sample_a_problem_is_tested_by_mcnemar_and_several_by_permutation():
    assert arms(1, 2, 10).test == "exact McNemar test"
    several = pair({"x": [True, False], "y": [False]}, {"x": [True, True], "y": [True]})
    assert several is not None and several.test == "paired permutation test"
    assert several.won == ["x", "y"] and several.lost == [] and not several.single


@pytest.mark.parametrize("second", [{}, {"berry": [True]}])
def test_arms_without_a_common_problem_cannot_be_compared(second):
    assert pair({"apple": [True]}, second) is None
