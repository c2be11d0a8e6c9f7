"""The rollout loop: many rollouts side by side, each stored as it ends."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from eval.data.problem_set import ProblemSet
from eval.rollouts.executor import Arm, Executor
from eval.rollouts.outages import Outages
from eval.rollouts.rollout import Rollout, judge_answer
from eval.rollouts.run_folder import RunFolder
from eval.rollouts.run_progress import RunProgress
from program.errors import ModelError
from program.problem import Problem


def run_loop(
    folder: RunFolder,
    arms: Sequence[Arm],
    problems: ProblemSet,
    executor: Executor,
    *,
    samples: int = 1,
    concurrency: int = 4,
    label: str = "rollouts",
) -> Generator[Rollout]:
    """Run every arm on every problem and yield rollouts as they end; problem by problem, so that drift hits all alike.

    What `folder` already holds is yielded first and not run again. Closing the iterator early leaves the
    rollouts in flight to end and be stored. When the budget of the run is spent no rollout is begun any more, and those
    in flight end with the best they have.

    Raises:
        ModelError: a rollout ended in a way that the others would end in too, by a wrong key for instance, or several
            failed alike, one after the other.
    """
    wanted = [(arm, problem, sample) for problem in problems.problems for sample in range(samples) for arm in arms]
    done = folder.judged()
    known = [done[key] for key in (_key(*task) for task in wanted) if key in done]
    yield from known
    left = [task for task in wanted if _key(*task) not in done]
    outages = Outages(known)

    def one(arm: Arm, problem: Problem, sample: int) -> Rollout:
        rollout = executor.run(arm, problem, sample)
        judge_answer(rollout, problem, problems)
        outages.settle(rollout)
        folder.append(rollout)
        return rollout

    with (
        ThreadPoolExecutor(concurrency, thread_name_prefix="rollout") as pool,
        RunProgress(label, len(wanted), known) as progress,
    ):
        pending: set[Future[Rollout]] = set()
        stop = ""
        while left or pending:
            if executor.budget.spent():
                left.clear()
            while left and len(pending) < concurrency:
                pending.add(pool.submit(one, *left.pop(0)))
            ended, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in ended:
                rollout = future.result()
                progress.add(rollout)
                yield rollout
                if reason := outages.reason_to_stop(rollout):
                    stop = stop or reason
                    left.clear()
            for rollout in outages.released():
                judge_answer(rollout, problems.problem(rollout.problem), problems)
                folder.append(rollout)
    if stop:
        raise ModelError(f"{stop}; the same command goes on when that is put right")


def _key(arm: Arm, problem: Problem, sample: int) -> tuple[str, str, int]:
    return arm.name, problem.name, sample
