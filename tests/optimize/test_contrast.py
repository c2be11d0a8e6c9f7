"""The rule by which words are proven: what it takes, how often it errs, and what is asked for at most."""

from itertools import permutations, product
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.data.problem_set import Facts
from optimize.credit.contrast import LEVEL, PROGRAMS, Contrast, chance
from optimize.credit.demo_choice import ProvenCall, choose_demos
from optimize.credit.evidence import Credit
from program.problem import Problem
from tests.support.steps import step


def contrast(good: str = "", others: str = "") -> Contrast:
    sides = [[each == "r" for each in side] for side in (good, others)]
    return Contrast(Problem(name="P", description="p"), "program", "WriteCode", {}, [{}], lambda code: True, *sides)


@given(st.lists(st.booleans(), min_size=1, max_size=4), st.lists(st.booleans(), min_size=1, max_size=3))
def test_the_chance_is_the_share_of_all_orders_that_come_out_so_or_better(good, others):
    orders = [order[: len(good)] for order in permutations([*good, *others])]
    as_good = sum(sum(order) >= sum(good) for order in orders) / len(orders)
    assert chance(sum(good), len(good), sum(others), len(others)) == pytest.approx(as_good)


def proven(good: int, others: int) -> bool:
    return contrast("r" * good + "w" * (PROGRAMS - good), "r" * others + "w" * (PROGRAMS - others)).shows


def test_of_four_against_four_three_outcomes_prove_words():
    found = {pair for pair in product(range(PROGRAMS + 1), repeat=2) if proven(*pair)}
    assert found == {(3, 0), (4, 0), (4, 1)} and LEVEL == 0.1


def share_proven(with_words: float, without: float, selected: bool = False) -> float:
    """How often words are proven, by the shares of right programs; `selected` where the first one is right."""
    drawn = PROGRAMS - selected

    def likely(right: int, of: int, share: float) -> float:
        return comb(of, right) * share**right * (1 - share) ** (of - right)

    return sum(
        likely(good, drawn, with_words) * likely(others, PROGRAMS, without)
        for good, others in product(range(drawn + 1), range(PROGRAMS + 1))
        if proven(good + selected, others)
    )


def test_words_that_change_nothing_are_seldom_proven_and_words_that_help_much_often():
    shares = [n / 100 for n in range(101)]
    assert max(share_proven(share, share) for share in shares) < 0.036
    assert max(share_proven(share, share, selected=True) for share in shares) < 0.068
    assert share_proven(0.8, 0.2) > 0.5 and share_proven(0.9, 0.1) > 0.8


@pytest.mark.parametrize(
    ("good", "others", "may"),
    [("", "", True), ("r", "", True), ("w", "", True), ("ww", "", False), ("", "rr", False), ("w", "r", False)],
)
def test_what_can_no_longer_be_proven_is_not_asked_about(good, others, may):
    assert contrast(good, others).may_show == may


@given(st.text("rw", max_size=6), st.text("rw", max_size=6))
def test_what_is_proven_has_nothing_missing_and_what_may_not_be_is_not(good, others):
    found = contrast(good, others)
    assert not found.shows or (found.may_show and found.missing == (0, 0))
    assert found.credit.proven == found.shows and 0 <= found.credit.score < 1
    assert found.and_more(["code"], True).credit.score >= found.credit.score
    assert found.and_more([""], False).credit.score >= found.credit.score, "a program that is not there is not right"


def test_calls_that_are_not_proven_make_room_for_the_next():
    calls = [
        ProvenCall(name, 0, step("ReflectOnProblem", {}), Credit(0.5, False, ()), Facts(), tokens)
        for tokens, name in enumerate("abcd", 1)
    ]
    asked = []

    def prove(call: ProvenCall) -> ProvenCall | None:
        asked.append(call.problem)
        return call if call.problem in "bd" else None

    assert [call.problem for call in choose_demos(calls, 1, 100, prove)] == ["b"] and asked == ["a", "b"]
    assert [call.problem for call in choose_demos(calls, 3, 100, prove)] == ["b", "d"]
