"""The rollout loop: many rollouts in parallel, each stored when it ends."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
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
    work = _Work(folder, problems, executor, allowances or {}, Outages(known), left)
    with (
        graceful(),
        ThreadPoolExecutor(concurrency, thread_name_prefix="rollout") as pool,
        RunProgress(label, len(wanted), known, work.in_words) as progress,
    ):
        while work.left or work.running:
            if executor.budget.spent() or is_asked():
                work.left.clear()
            if is_over() or (executor.budget.seconds_left() or 0.0) < -LATE_SECONDS:
                work.drop()
                break
            work.begin(pool, concurrency)
            for rollout in work.ended():
                progress.add(rollout)
                yield rollout
            for rollout in work.judged_late():
                progress.add(rollout)
    if work.stop:
        raise ModelError(f"{work.stop}; fix this, then the same command resumes the run")


@dataclass
class _Work:
    """The rollouts of a run that are left, and those that run.

    stop: why no further rollout begins; empty if there is no reason.
    """

    folder: RunFolder
    problems: ProblemSet
    executor: Executor
    allowances: Mapping[Key, Allowance]
    outages: Outages
    left: list[tuple[Arm, Problem, int]]
    running: set[Future[Rollout]] = field(default_factory=set)
    stop: str = ""
    _in_judge: set[Key] = field(default_factory=set)
    _dropped: Event = field(default_factory=Event)

    def begin(self, pool: ThreadPoolExecutor, most: int) -> None:
        """Begin rollouts until `most` run."""
        while self.left and len(self.running) < most:
            self.running.add(pool.submit(self._run, *self.left.pop(0)))

    def ended(self) -> Iterator[Rollout]:
        """The rollouts that have ended, after a short wait for the next one."""
        ended, self.running = wait(self.running, LOOK_SECONDS, FIRST_COMPLETED)
        for future in ended:
            if isinstance(future.exception(), Interrupted):
                continue
            rollout = future.result()
            yield rollout
            if reason := self.outages.reason_to_stop(rollout):
                self.stop = self.stop or reason
                self.left.clear()

    def judged_late(self) -> Iterator[Rollout]:
        """The rollouts that can be judged only now; see `Outages.released`."""
        for rollout in self.outages.released():
            judge_answer(rollout, self.problems.problem(rollout.problem), self.problems)
            self.folder.append(rollout)
            yield rollout

    def drop(self) -> None:
        """End the judge's runs, so that no running rollout is stored any more."""
        self._dropped.set()
        end_runs()

    def in_words(self) -> str:
        """What the running rollouts do."""
        return in_words(len(self.running), len(self._in_judge), self.executor)

    def _run(self, arm: Arm, problem: Problem, sample: int) -> Rollout:
        rollout = self.executor.run(arm, problem, sample, self.allowances.get(_key(arm, problem, sample)))
        self._in_judge.add(rollout.key())
        try:
            judge_answer(rollout, problem, self.problems)
        finally:
            self._in_judge.discard(rollout.key())
        if self._dropped.is_set():
            raise Interrupted  # its judge runs were ended, so its program has no verdict
        self.outages.settle(rollout, arm.program)
        self.folder.append(rollout)
        return rollout


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
