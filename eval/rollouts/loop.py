"""The rollout loop: many rollouts side by side, each stored as it ends."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event

from eval.data.problem_set import ProblemSet
from eval.rollouts.executor import Arm, Executor
from eval.rollouts.outages import Outages
from eval.rollouts.rollout import Rollout, judge_answer
from eval.rollouts.run_folder import RunFolder
from eval.rollouts.run_progress import RunProgress
from judge.shared import end_runs
from program.cli.progress_line import count
from program.errors import ModelError
from program.problem import Problem
from program.rollout.budget import Allowance
from program.stopping import Interrupted, graceful, is_asked, is_over

Key = tuple[str, str, int]  # of a rollout: arm, problem and sample
LATE_SECONDS = 2.0  # after the end of the budget's seconds, for judging what is there
LOOK_SECONDS = 0.5  # between looks at whether the time is over


def run_loop(
    folder: RunFolder,
    arms: Sequence[Arm],
    problems: ProblemSet,
    executor: Executor,
    *,
    samples: int = 1,
    first: int = 0,
    concurrency: int = 4,
    label: str = "rollouts",
    allowances: Mapping[Key, Allowance] | None = None,
) -> Generator[Rollout]:
    """Run every arm on every problem and yield rollouts as they end; problem by problem, so that drift hits all alike.
    Samples are numbered from `first` on. A rollout may do what `allowances` has for it, by arm, problem and sample.

    What `folder` already holds is yielded first and not run again. Closing the iterator early leaves the
    rollouts in flight to end and be stored. When the budget of the run is spent no rollout is begun any more, and those
    in flight end with the best they have; one that is not judged `LATE_SECONDS` after the seconds of the budget is not
    stored.

    Raises:
        Interrupted: the command was asked to stop; rollouts that ended in time are stored.
        ModelError: a rollout ended in a way that the others would end in too, by a wrong key for instance, or several
            failed alike, one after the other.
    """
    wanted, done = _wanted(arms, problems, range(first, first + samples)), folder.judged()
    known = [done[key] for key in (_key(*task) for task in wanted) if key in done]
    yield from known
    left = [task for task in wanted if _key(*task) not in done]
    outages = Outages(known)

    def one(arm: Arm, problem: Problem, sample: int) -> Rollout:
        rollout = executor.run(arm, problem, sample, (allowances or {}).get(_key(arm, problem, sample)))
        judge_answer(rollout, problem, problems)
        if dropped.is_set():
            raise Interrupted  # its runs were ended, which says nothing of its program
        outages.settle(rollout, arm.program)
        folder.append(rollout)
        return rollout

    def doing(running: int) -> str:
        spent = executor.budget  # on a cluster its owner counts
        parts = [f"{running} running" + (f" ({executor.stage})" if executor.stage else "")]
        parts += [f"{spent.calls:,} calls, {count(spent.tokens)} tokens"] if spent.calls else []
        return ", ".join(parts) if running else ""

    dropped = Event()
    pending: set[Future[Rollout]] = set()
    with (
        graceful(),
        ThreadPoolExecutor(concurrency, thread_name_prefix="rollout") as pool,
        RunProgress(label, len(wanted), known, lambda: doing(len(pending))) as progress,
    ):
        stop = ""
        while left or pending:
            if executor.budget.spent() or is_asked():
                left.clear()
            if is_over() or (executor.budget.seconds_left() or 0.0) < -LATE_SECONDS:
                dropped.set()
                end_runs()
                break
            while left and len(pending) < concurrency:
                pending.add(pool.submit(one, *left.pop(0)))
            ended, pending = wait(pending, LOOK_SECONDS, FIRST_COMPLETED)
            for future in ended:
                if isinstance(future.exception(), Interrupted):
                    continue
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


def rollouts_left(folder: RunFolder, arms: Sequence[Arm], problems: ProblemSet, samples: int) -> bool:
    """Whether `run_loop` would run any."""
    done = folder.judged()
    return any(_key(*task) not in done for task in _wanted(arms, problems, range(samples)))


def _wanted(arms: Sequence[Arm], problems: ProblemSet, samples: Iterable[int]) -> list[tuple[Arm, Problem, int]]:
    return [(arm, problem, sample) for problem in problems.problems for sample in samples for arm in arms]


def _key(arm: Arm, problem: Problem, sample: int) -> Key:
    return arm.name, problem.name, sample
