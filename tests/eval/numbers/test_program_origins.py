"""Which kind of program solved the problems."""

from eval.numbers.program_origins import solved_by_origin
from tests.support.rollouts import FIRST, SECOND, checkpoint, new_program, rollout

THIRD = "print(3)\n"


def test_a_problem_is_credited_to_the_program_that_first_solved_it():
    wrong, right = checkpoint(3, False, code=FIRST), checkpoint(5, True, code=SECOND)
    first = new_program(FIRST, "first", 3)
    fixed = rollout("apple", checkpoints=[wrong, right], events=[first, new_program(SECOND, "fix", 5)])
    redrawn = rollout("berry", checkpoints=[wrong, right], events=[first, new_program(SECOND, "redraw", 5)])
    changed_later = rollout(
        "cherry",
        checkpoints=[checkpoint(3, True, code=FIRST), checkpoint(6, True, code=THIRD)],
        events=[first, new_program(THIRD, "fix", 6)],
    )
    never = rollout("date", 0.0, checkpoints=[wrong], events=[new_program(FIRST, "first", 5)])
    lines = solved_by_origin([fixed, redrawn, changed_later, never])
    assert [(line.origin, line.rollouts, line.calls.value) for line in lines] == [
        ("first", 4, 3.5),
        ("redraw", 1, 5.0),
        ("fix", 2, 5.5),
    ]
    assert [line.solved.value for line in lines] == [0.25, 0.25, 0.25]


def test_a_program_that_was_right_and_was_replaced_by_a_wrong_one_solved_nothing():
    held = [checkpoint(3, True, code=FIRST), checkpoint(4, False, code=SECOND)]
    spoiled = rollout(hidden=0.0, checkpoints=held, events=[new_program(FIRST, "first"), new_program(SECOND, "fix")])
    assert [line.solved.value for line in solved_by_origin([spoiled])] == [0.0, 0.0]


def test_samples_of_a_problem_are_averaged():
    samples = [
        rollout(sample=n, hidden=float(n == 0), checkpoints=[checkpoint(1, n == 0, code=FIRST)], events=[event])
        for n, event in enumerate([new_program(FIRST, "first", calls) for calls in (1, 2, 3, 6)])
    ]
    (line,) = solved_by_origin(samples)
    assert (line.rollouts, line.calls.value, line.solved.value) == (4, 3.0, 0.25)


def test_runs_that_do_not_store_where_programs_come_from_tell_nothing():
    assert solved_by_origin([rollout(), rollout("berry", checkpoints=[checkpoint(1, True)])]) == []
