"""Families of paired comparisons: which arms are in them, and that interval, p-value and sentence say the same."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.numbers.paired import SHOWN_AT, Paired, differences, pair_all
from eval.rollouts.rollout import Rollout
from eval.tables.paired_table import sentence
from tests.support.rollouts import rollout

# By arm, problem by problem, how many of its samples are solved.
TABLES = st.tuples(st.integers(1, 6), st.integers(2, 5), st.integers(1, 40)).flatmap(
    lambda size: st.tuples(
        st.just(size[0]),
        st.lists(
            st.lists(st.integers(0, size[0]), min_size=size[2], max_size=size[2]), min_size=size[1], max_size=size[1]
        ),
    )
)


def arm(solved: list[int], of: int = 1) -> list[Rollout]:
    """One rollout for each problem and sample; the first so many of them solve it."""
    return [
        rollout(f"problem {place:02}", float(sample < count), sample=sample)
        for place, count in enumerate(solved)
        for sample in range(of)
    ]


def flipped(lost: int, won: int, of: int) -> Paired:
    found = pair_all(arm([int(n < lost) for n in range(of)]), [arm([int(lost <= n < lost + won) for n in range(of)])])
    assert found[0] is not None
    return found[0]


@given(TABLES)
def test_value_interval_p_value_and_words_never_contradict_each_other(table):
    samples, solved = table
    first, *others = ([count / samples for count in each] for each in solved)
    for other, found in zip(others, differences([(first, other) for other in others]), strict=True):
        names = [f"problem {place}" for place in range(len(first))]
        arms = (dict(zip(names, shares, strict=True)) for shares in (first, other))
        said = sentence("plain", "tuned", Paired(*arms, solved=found, hidden=found, family=len(others), power=0.2))
        told = re.search(r": ([+-][0-9.]+) points, 95 % CI (.+) to (.+), p [=<] (\d\.\d+)", said)
        assert told is not None
        value, low, high, p = (float({"above 0": "1e-9", "below 0": "-1e-9"}.get(each, each)) for each in told.groups())
        shown = not said.startswith("It is not shown")
        assert low <= value <= high
        assert shown == (not low <= 0 <= high) == (p <= SHOWN_AT)
        assert not shown or ("more" if value > 0 else "fewer") == said.split()[2]


@given(TABLES)
def test_the_other_way_round_only_the_sign_changes(table):
    samples, (first, second, *_) = table
    pair = [count / samples for count in first], [count / samples for count in second]
    (there,), (back,) = differences([pair]), differences([pair[::-1]])
    assert back.p == pytest.approx(there.p)
    assert back.estimate == pytest.approx([-there.estimate[end] for end in (0, 2, 1)])


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30), st.integers(1, 4))
def test_so_it_is_with_shares_of_any_size(pairs, family):
    pair = tuple(zip(*pairs, strict=True))
    for found in differences([pair] * family):
        value, low, high = found.estimate
        assert low <= value <= high and found.shown == (not low <= 0 <= high)


def test_a_difference_that_is_not_shown_says_how_likely_one_of_ten_points_would_have_been():
    said = sentence("plain", "tuned", flipped(3, 6, 40))
    start = "It is not shown whether tuned solves more or fewer problems than plain: "
    start += "+7.5 points, 95 % CI -8.2 to +22.5, p = 0.344."
    assert said.startswith(start)
    assert re.fullmatch(
        r" At this size a true difference of 10 points would be shown 2\d times in 100\.", said[len(start) :]
    )


def test_a_difference_that_is_shown_says_so():
    assert re.fullmatch(
        r"tuned solves more problems than plain: \+35\.0 points, 95 % CI \+1\d\.\d to \+5\d\.\d, p < 0\.001\.",
        sentence("plain", "tuned", flipped(1, 15, 40)),
    )
    assert sentence("plain", "tuned", flipped(15, 1, 40)).startswith(
        "tuned solves fewer problems than plain: -35.0 points, "
    )


def test_arms_that_never_differ_have_no_power_that_could_be_known():
    assert sentence("plain", "tuned", flipped(0, 0, 40)).endswith("95 % CI -6.6 to +6.6, p = 1.000.")


def test_arms_compared_with_the_same_one_are_a_family_and_those_that_cannot_be_are_not_counted():
    first, better = arm([0] * 8), arm([1] * 6 + [0] * 2)
    one, none, other = pair_all(first, [better, [rollout("elsewhere", 1.0)], first])
    assert none is None and one is not None and other is not None
    assert (one.solved.p, one.solved.corrected, one.family) == (1 / 64, 2 / 64, 2)
    assert (other.solved.p, other.solved.corrected, other.family) == (1.0, 1.0, 2)
    alone = pair_all(first, [better])[0]
    assert alone is not None and alone.solved.estimate.low > one.solved.estimate.low > 0


def test_a_larger_family_has_less_power():
    first, second = arm([1] * 3 + [0] * 37), arm([0] * 3 + [1] * 6 + [0] * 31)
    alone, among = (pair_all(first, [second] * count)[0] for count in (1, 4))
    assert alone is not None and among is not None and alone.power > 1.5 * among.power


def test_hidden_tests_passed_are_a_measure_of_their_own():
    first = [rollout(f"problem {n}", 0.1) for n in range(10)]
    second = [rollout(f"problem {n}", 0.6) for n in range(10)]
    (found,) = pair_all(first, [second])
    assert found is not None and (found.solved.estimate.value, found.solved.p) == (0.0, 1.0)
    assert found.hidden.estimate.value == pytest.approx(0.5) and found.hidden.p == 2 / 2**10 and found.hidden.shown


def test_several_samples_are_compared_by_their_shares():
    (found,) = pair_all(arm([1, 0], of=2), [arm([2, 1], of=2)])
    assert found is not None and found.won == ["problem 00", "problem 01"] and found.lost == [] and not found.single
    assert found.solved.estimate.value == 0.5 and found.solved.p == 0.5


@pytest.mark.long
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("count", [36, 165])
def test_a_family_is_wrong_in_at_most_5_of_100_tables(count, samples):
    """Of four arms two do as the first does and two do better: nothing false is shown, and all intervals hold."""
    draw, gains = np.random.default_rng(count), (0.0, 0.0, 0.3, 0.96)
    skill = draw.beta(0.3, 0.5, size=(2000, count))
    arms = [draw.binomial(samples, skill + gain * skill * (1 - skill)) / samples for gain in (0.0, *gains)]
    truths = [gain * 0.15 / 0.8 / 1.8 for gain in gains]
    shown = missed = 0
    for first, *others in zip(*arms, strict=True):
        found = differences([(first, other) for other in others])
        shown += any(each.shown for each in found[:2])
        missed += any(not e.estimate.low <= t <= e.estimate.high for e, t in zip(found, truths, strict=True))
    chance = 2 * np.sqrt(0.05 * 0.95 / 2000)
    assert shown / 2000 <= 0.05 + chance and missed / 2000 <= 0.05 + chance
