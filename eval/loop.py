"""The rollout loop: many rollouts side by side, each stored as it ends."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dspy
from dspy.clients.base_lm import GLOBAL_HISTORY

from eval.problem_set import ProblemSet
from eval.progress import Progress
from eval.rollout import Rollout, run_rollout
from eval.run_folder import RunFolder
from program.budget import Budget, Spending, spending_of_run
from program.escalation import escalate_to
from program.pace import Pace, at_pace
from program.problem import Problem


@dataclass(frozen=True)
class Arm:
    """A program under evaluation, by the name it has in reports, and the sampling settings its LM is called with."""

    name: str
    program: dspy.Module
    adapter: dspy.Adapter
    lm_settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Conditions:
    """What all rollouts of a run share: how fast and how much they may ask, and the model that hard problems get."""

    pace: Pace = field(default_factory=Pace)
    spending: Spending = field(default_factory=lambda: Spending(Budget()))
    stronger: dspy.LM | None = None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """The rollout inside of the block keeps to them."""
        with at_pace(self.pace), spending_of_run(self.spending), escalate_to(self.stronger):
            yield


def run_loop(
    folder: RunFolder,
    arms: Sequence[Arm],
    problems: ProblemSet,
    lm: dspy.LM,
    *,
    samples: int = 1,
    concurrency: int = 4,
    label: str = "rollouts",
    conditions: Conditions | None = None,
) -> Generator[Rollout]:
    """Run every arm on every problem and yield rollouts as they end; problem by problem, so that drift hits all alike.

    What `folder` already holds is yielded first and not run again. Closing the iterator early leaves the
    rollouts in flight to end and be stored. When the budget of the run is spent no rollout is begun any more, and those
    in flight end with the best they have.
    """
    conditions = conditions or Conditions()
    wanted = [(arm, problem, sample) for problem in problems.problems for sample in range(samples) for arm in arms]
    done = folder.judged()
    known = [done[key] for key in (_key(*task) for task in wanted) if key in done]
    yield from known
    left = [task for task in wanted if _key(*task) not in done]

    def one(arm: Arm, problem: Problem, sample: int) -> Rollout:
        own = lm.copy(**arm.lm_settings) if arm.lm_settings else lm
        with dspy.context(lm=own, adapter=arm.adapter), conditions.hold():
            rollout = run_rollout(arm.name, arm.program, problem, sample, problems)
        folder.append(rollout)
        _forget_prompts(lm)
        return rollout

    with (
        ThreadPoolExecutor(concurrency, thread_name_prefix="rollout") as pool,
        Progress(label, len(wanted), known) as progress,
    ):
        pending: set[Future[Rollout]] = set()
        while left or pending:
            if conditions.spending.spent():
                left.clear()
            while left and len(pending) < concurrency:
                pending.add(pool.submit(one, *left.pop(0)))
            ended, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in ended:
                rollout = future.result()
                progress.add(rollout)
                yield rollout


def _forget_prompts(lm: dspy.LM) -> None:
    """DSPy keeps the last 10,000 prompts and answers, twice over; they are in the traces."""
    lm.history.clear()
    GLOBAL_HISTORY.clear()


def _key(arm: Arm, problem: Problem, sample: int) -> tuple[str, str, int]:
    return arm.name, problem.name, sample
