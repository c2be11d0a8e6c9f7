"""Judge existing programs as rollouts of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from eval.data.problem_set import ProblemSet
from eval.given.judged_in_threads import judged_in_threads
from eval.rollouts.rollout import Rollout, judge_rollout
from eval.rollouts.run_folder import RunFolder, read_rollouts
from judge.verdict import JudgeError


def judge_into(
    folder: RunFolder,
    rollouts: Iterable[Rollout],
    problems: ProblemSet,
    prepare: Callable[[Rollout], Rollout] = lambda rollout: rollout,
) -> list[Rollout]:
    """Judge the programs of rollouts and append them to a run. Rollouts that the run has judged already stay unchanged.

    Args:
        folder: the run.
        rollouts: with code, and with their trace if there is one.
        problems: the problems and the rules.
        prepare: called with each rollout just before it is judged.

    Returns:
        The rollouts as the run now has them, in the given order.
    """
    stored = {each.key(): each for each in read_rollouts(folder.path) if each.status != "not judged"}
    given = list(rollouts)
    left = [each for each in given if each.key() not in stored or stored[each.key()].code != each.code]

    def one(rollout: Rollout) -> Rollout:
        rollout = prepare(rollout)
        try:
            judge_rollout(rollout, problems.problem(rollout.problem), problems)
        except JudgeError as fault:
            rollout.error = f"JudgeError: {fault}"
        folder.append(rollout, trace=_has_texts(rollout))
        return rollout

    for rollout in judged_in_threads(one, left, total=len(given), unit="rollout"):
        stored[rollout.key()] = rollout
    return [stored[rollout.key()] for rollout in given]


def _has_texts(rollout: Rollout) -> bool:
    """Whether the trace has texts. Imported programs have no trace to store."""
    return any(call.prompt or call.answer for call in rollout.trace.calls)
