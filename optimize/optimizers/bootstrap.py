"""`bootstrap`: demonstrations from the program's own good rollouts, by `dspy.BootstrapFewShot`.

DSPy's optimizer processes the training problems one by one. Here the same rollouts first run in parallel, with every LM
answer in the ledger, where DSPy's optimizer then finds all answers. So a killed compilation can resume, and the result
equals that of DSPy alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import dspy
from pydantic import Field

from eval.rollouts.rollout import Rollout
from optimize.job.job import Job
from optimize.job.metric import Accept, measured
from optimize.optimizers.optimizer import Optimizer
from program.paid.halted import CapReached


class Bootstrap(Optimizer, frozen=True):
    """Demonstrations from rollouts that reach `threshold`."""

    demos: int = Field(default=4, ge=1)
    threshold: float = Field(default=1.0, gt=0, le=1)
    teacher_lm: str | None = None
    teacher_api_base: str | None = None

    def tune(self, job: Job) -> dspy.Module:
        """A copy of the student with up to `demos` demonstrations per predictor."""
        order = [problem.name for problem in job.learn]
        try:
            job.roll_out(enough=lambda done: _enough(done, order, job, self))
        except CapReached as reached:
            job.stopped = reached.said
        # DSPy would repeat a rollout with occasional LM failures.
        whole = {r.problem for r in job.stored_rollouts() if not r.trace.lost_calls}
        # Without `max_labeled_demos=0`, raw examples without stage outputs would fill up the demonstrations.
        optimizer = dspy.BootstrapFewShot(
            metric=Accept(job.metric, self.threshold),
            max_bootstrapped_demos=self.demos,
            max_labeled_demos=0,
            max_rounds=1,
            max_errors=1,
            teacher_settings={"lm": job.teacher_lm},
        )
        found = [example for example in job.learn_examples if not job.stopped or example.problem.name in whole]
        if not found:
            return job.student
        with job.running():
            return optimizer.compile(job.student, teacher=job.teacher, trainset=found)


def _enough(done: Sequence[Rollout], order: list[str], job: Job, options: Bootstrap) -> bool:
    """Whether the optimizer, which works in order, will find enough good rollouts among these."""
    scores = {each.problem: each.score for each in done}
    good = {
        name: score is not None and measured(score, job.config.metric) >= options.threshold
        for name, score in scores.items()
    }
    found = 0
    for name in order:
        if name not in good:
            return False
        found += good[name]
        if found >= options.demos:
            return True
    return False
