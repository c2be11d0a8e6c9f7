"""Solved after 0, 1, 2, … fixes."""

from eval.numbers.repair_gain import solved_after_fixes
from program.rollout.trace import Call
from tests.support.rollouts import checkpoint, rollout

FIX = Call(stage="FixCode")


def test_each_fix_counts_from_where_it_made_the_difference():
    mended = rollout("apple", checkpoints=[checkpoint(3, False), checkpoint(5, True, fixes=2)], events=[FIX] * 3)
    at_once = rollout("berry", checkpoints=[checkpoint(3, True)])
    never = rollout("cherry", 0.0, checkpoints=[checkpoint(3, False)], events=[FIX])
    broken = rollout("date", 0.0, code="")
    lines = solved_after_fixes([mended, at_once, never, broken])
    assert [line.solved.value for line in lines] == [0.25, 0.25, 0.5, 0.5]
    assert [line.rollouts for line in lines] == [4, 2, 1, 1]
    assert lines[0].gain is None and lines[2].gain is not None and lines[2].gain.value == 0.25


def test_a_fix_may_also_spoil_a_program():
    spoiled = rollout(hidden=0.0, checkpoints=[checkpoint(3, True), checkpoint(4, False, fixes=1)], events=[FIX])
    assert [line.solved.value for line in solved_after_fixes([spoiled])] == [1.0, 0.0]


def test_samples_of_a_problem_are_averaged():
    samples = [rollout(sample=n, hidden=float(n == 0), checkpoints=[checkpoint(1, n == 0)]) for n in range(4)]
    assert [line.solved.value for line in solved_after_fixes(samples)] == [0.25]


def test_runs_without_checkpoints_tell_nothing():
    assert solved_after_fixes([rollout(), rollout("berry")]) == []
