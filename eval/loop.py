"""The rollout loop: many rollouts side by side, each stored as it ends."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import dspy
from tqdm import tqdm

from eval.data import ProblemSet
from eval.rollout import Rollout, run_rollout
from eval.run_folder import RunFolder
from program.problem import Problem


@dataclass(frozen=True)
class Arm:
    """A program under evaluation, by the name it has in reports, and the sampling settings its LM is called with."""

    name: str
    program: dspy.Module
    adapter: dspy.Adapter
    lm_settings: dict[str, Any] = field(default_factory=dict)


def run_loop(
    folder: RunFolder,
    arms: Sequence[Arm],
    problems: ProblemSet,
    lm: dspy.LM,
    *,
    samples: int = 1,
    concurrency: int = 4,
    label: str = "rollouts",
) -> Generator[Rollout]:
    """Run every arm on every problem and yield rollouts as they end; problem by problem, so that drift hits all alike.

    What `folder` already holds is yielded first and not run again. Closing the iterator early leaves the
    rollouts in flight to end and be stored.
    """
    wanted = [(arm, problem, sample) for problem in problems.problems for sample in range(samples) for arm in arms]
    done = folder.judged()
    known = [done[key] for key in (_key(*task) for task in wanted) if key in done]
    yield from known
    left = [task for task in wanted if _key(*task) not in done]
    solved = sum(rollout.status == "solved" for rollout in known)

    def one(arm: Arm, problem: Problem, sample: int) -> Rollout:
        with dspy.context(lm=lm.copy(**arm.lm_settings) if arm.lm_settings else lm, adapter=arm.adapter):
            rollout = run_rollout(arm.name, arm.program, problem, sample, problems)
        folder.append(rollout)
        return rollout

    with (
        ThreadPoolExecutor(concurrency, thread_name_prefix="rollout") as pool,
        tqdm(total=len(wanted), initial=len(known), desc=label, unit="rollout", mininterval=2) as bar,
    ):
        pending: set[Future[Rollout]] = set()
        while left or pending:
            while left and len(pending) < concurrency:
                pending.add(pool.submit(one, *left.pop(0)))
            ended, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in ended:
                rollout = future.result()
                solved += rollout.status == "solved"
                bar.update()
                bar.set_postfix_str(f"{solved} solved")
                yield rollout


def _key(arm: Arm, problem: Problem, sample: int) -> tuple[str, str, int]:
    return arm.name, problem.name, sample
