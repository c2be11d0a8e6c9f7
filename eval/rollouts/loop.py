"""The rollout loop: many rollouts in parallel, each stored when it ends."""

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
LATE_SECONDS = 2.0  # after the end of the budget's seconds, for judging
LOOK_SECONDS = 0.5  # between checks of the time


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
    """Run every arm on every problem and yield rollouts as they end; problem by problem, so that drift affects all arms
    equally. Samples are numbered from `first` on. `allowances` has the limits of a rollout by arm, problem and sample.

    Rollouts that `folder` already has are yielded first and not repeated. If the iterator is closed early, running
    rollouts still end and are stored. When the run's budget is spent, no rollout begins any more, and running ones end
    with their best program. A rollout that is not judged `LATE_SECONDS` after the budget's seconds is not stored.

    Raises:
        Interrupted: the command was asked to stop; rollouts that ended in time are stored.
        ModelError: a rollout failed in a way that affects all others, for example by a wrong key, or several failed
            alike in a row.
    """
    wanted, done = _wanted(arms, problems, range(first, first + samples)), folder.judged()
    known = [done[key] for key in (_key(*task) for task in wanted) if key in done]
    yield from known
    left = [task for task in wanted if _key(*task) not in done]
    outages = Outages(known)
    dropped, judged = Event(), set[Key]()

    def one(arm: Arm, problem: Problem, sample: int) -> Rollout:
        rollout = executor.run(arm, problem, sample, (allowances or {}).get(_key(arm, problem, sample)))
        judged.add(rollout.key())
        try:
            judge_answer(rollout, problem, problems)
        finally:
            judged.discard(rollout.key())
        if dropped.is_set():
            raise Interrupted  # its judge runs were ended, so its program has no verdict
        outages.settle(rollout, arm.program)
        folder.append(rollout)
        return rollout

    pending: set[Future[Rollout]] = set()
    with (
        graceful(),
        ThreadPoolExecutor(concurrency, thread_name_prefix="rollout") as pool,
        RunProgress(label, len(wanted), known, lambda: in_words(len(pending), len(judged), executor)) as progress,
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
                progress.add(rollout)
    if stop:
        raise ModelError(f"{stop}; fix this, then the same command resumes the run")


def in_words(running: int, judged: int, executor: Executor) -> str:
    """What the running rollouts do; `judged` of them have ended and are judged on the hidden tests."""
    spent, asking = executor.budget, running - judged  # on a cluster its owner counts
    parts = [f"{asking} running" + (f" ({executor.stage})" if executor.stage else "")] if asking > 0 else []
    parts += [f"{judged} in the judge"] if judged else []
    parts += [f"{spent.calls:,} calls, {count(spent.tokens)} tokens"] if spent.calls else []
    return ", ".join(parts) if running else ""


def rollouts_left(folder: RunFolder, arms: Sequence[Arm], problems: ProblemSet, samples: int) -> bool:
    """Whether `run_loop` would run any rollouts."""
    done = folder.judged()
    return any(_key(*task) not in done for task in _wanted(arms, problems, range(samples)))


def _wanted(arms: Sequence[Arm], problems: ProblemSet, samples: Iterable[int]) -> list[tuple[Arm, Problem, int]]:
    return [(arm, problem, sample) for problem in problems.problems for sample in samples for arm in arms]


def _key(arm: Arm, problem: Problem, sample: int) -> Key:
    return arm.name, problem.name, sample
