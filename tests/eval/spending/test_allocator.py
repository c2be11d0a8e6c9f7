"""The allocator on its own: numbers in, draws out."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from eval.spending.allocator import LEAST, Allocator, DrawnSoFar, commonness, gains_of
from program.rollout.budget import Budget

DEAREST = 4  # calls of a draw


class Problems:
    """Problems of known skill and price; the n-th draw of a problem is the same whoever asks for it when."""

    def __init__(self, skills: list[float], seed: int) -> None:
        self.names = [f"problem {number}" for number in range(len(skills))]
        self._skills, self._seed = dict(zip(self.names, skills, strict=True)), seed

    def after(self, name: str, draws: int, most: float | None) -> tuple[DrawnSoFar, dict[str, float]]:
        """A rollout with so many draws, which ends where the next call would be more than it may make."""
        passing, calls, ended = 0, 0, False
        for number in range(draws):
            chance = random.Random(repr((self._seed, name, number)))
            price = chance.randint(1, DEAREST)
            if most is not None and calls + price > most:
                calls, ended = int(most), True
                break
            calls, passing = calls + price, passing + (chance.random() < self._skills[name])
        return DrawnSoFar(draws, draws, passing, passing, ended), {
            "calls": calls,
            "tokens": 100 * calls,
            "dollars": calls / 7,
        }


def spread(problems: Problems, total: Budget, shuffled: random.Random | None = None) -> tuple[Allocator, list]:
    """The allocator when all is spent, and the batches that it has asked for."""
    allocator, batches = Allocator(problems.names, total), []
    while batch := allocator.batch():
        batches.append(batch)
        for draw in shuffled.sample(batch, len(batch)) if shuffled else batch:
            allowed = draw.allowance
            found = problems.after(draw.problem, allowed.draws, allowed.budget.calls)
            allocator.take(draw.problem, allowed, *found)
    return allocator, batches


SKILLS = st.lists(st.sampled_from([0.0, 0.05, 0.3, 0.9, 1.0]), min_size=1, max_size=20)


@settings(deadline=None, max_examples=60)
@given(SKILLS, st.integers(1, 200), st.integers(0, 99))
def test_calls_never_exceed_the_total_whatever_draws_cost(skills, total, seed):
    allocator, batches = spread(Problems(skills, seed), Budget(calls=total))
    assert allocator.spent["calls"] <= total
    asked = [draw for batch in batches for draw in batch]
    assert len(asked) == len({(draw.problem, draw.allowance.draws) for draw in asked})
    assert {name: allowance.draws for name, allowance in allocator.allowed.items()} == {
        name: sum(draw.problem == name for draw in asked) for name in allocator.allowed
    }


@settings(deadline=None, max_examples=30)
@given(SKILLS, st.integers(1, 100), st.integers(0, 99), st.sampled_from(["calls", "tokens", "dollars"]))
def test_the_order_in_which_draws_end_changes_nothing(skills, total, seed, resource):
    problems, limit = Problems(skills, seed), Budget.model_validate({resource: total})
    plain, shuffled = spread(problems, limit), spread(problems, limit, random.Random(seed))
    assert plain[1] == shuffled[1] and plain[0].allowed == shuffled[0].allowed


def test_every_problem_is_drawn_for_before_any_is_drawn_for_again():
    _, batches = spread(Problems([0.0] * 5 + [1.0] * 5, 1), Budget(calls=500))
    first = [draw.problem for batch in batches for draw in batch][:10]
    assert len(set(first)) == 10


def test_what_a_total_does_not_reach_gets_no_draw():
    allocator, _ = spread(Problems([0.0] * 9, 1), Budget(calls=3))
    assert min(each.draws for each in allocator.allowed.values()) == 0 < allocator.spent["calls"] <= 3


def test_failed_problems_get_what_solved_ones_do_not_need():
    allocator, _ = spread(Problems([0.3] * 10 + [1.0] * 10, 1), Budget(calls=200))
    draws = [each.draws for each in allocator.allowed.values()]
    assert max(draws[10:]) <= 3 and sum(draws[:10]) > 2 * sum(draws[10:])


def test_a_draw_gains_less_the_more_have_failed_and_hardly_anything_where_programs_agree():
    gains = gains_of(
        {
            "not drawn": DrawnSoFar(),
            "failed": DrawnSoFar(1, 1),
            "failed often": DrawnSoFar(9, 9),
            "failed alike": DrawnSoFar(9, 2),
            "one passes": DrawnSoFar(1, 1, 1, 1),
            "three agree": DrawnSoFar(3, 3, 3, 3),
            "two differ": DrawnSoFar(2, 2, 2, 1),
            "ended": DrawnSoFar(1, 1, ended=True),
        }
    )
    assert gains["not drawn"] == max(gains.values()) and "ended" not in gains
    assert gains["failed"] > gains["failed often"] > gains["failed alike"] > gains["three agree"]
    assert gains["two differ"] > gains["one passes"] > gains["three agree"] < LEAST


def test_the_other_problems_say_how_likely_a_draw_passes():
    hard, easy = ([DrawnSoFar(9, 9, passing)] * 20 for passing in (0, 8))
    assert commonness(hard)[0] > 0.5 > commonness(easy)[0]
    gains = [
        gains_of({str(n): each for n, each in enumerate([DrawnSoFar(1, 1), *others])})["0"] for others in (hard, easy)
    ]
    assert gains[0] < gains[1]


def test_it_ends_where_nothing_is_to_be_gained_with_something_left():
    allocator, _ = spread(Problems([1.0] * 4, 1), Budget(calls=10_000))
    assert allocator.spent["calls"] < 100 and allocator.batch() == []


def test_a_program_that_draws_no_more_by_itself_is_left_alone():
    allocator = Allocator(["a"], Budget(calls=50))
    for _ in range(2):
        (draw,) = allocator.batch()
        allocator.take("a", draw.allowance, DrawnSoFar(draw.allowance.draws, 1), {"calls": 3})
    assert not allocator.batch()
