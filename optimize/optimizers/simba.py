"""`simba`: demonstrations and rules from differences between good and bad rollouts of a problem; DSPy's `SIMBA`.

Its rollouts of one problem differ because the program samples at its own temperatures.
"""

from __future__ import annotations

import dspy
from pydantic import Field

from optimize.job.job import Job
from optimize.optimizers.proposing import Proposing


class Simba(Proposing, frozen=True):
    """Demonstrations and rules, from minibatches of sampled rollouts."""

    demos: int = Field(default=2, ge=0)
    """maximum demonstrations per predictor; 0 adds rules only"""
    batch: int = Field(default=8, ge=1)
    """problems per step; all if there are fewer"""
    candidates: int = Field(default=2, ge=2)
    """rollouts per problem, and new programs per step"""
    steps: int = Field(default=2, ge=1)
    """number of steps; each draws a minibatch and learns from it"""

    def tune(self, job: Job) -> dspy.Module:
        """The best program of all steps, on all problems."""
        trainset = job.learn_examples
        with job.running():
            optimizer = dspy.SIMBA(
                metric=job.metric,
                bsize=min(self.batch, len(trainset)),
                num_candidates=self.candidates,
                max_steps=self.steps,
                max_demos=self.demos,
                prompt_model=job.prompt_lm,
                num_threads=job.config.concurrency,
            )
            return optimizer.compile(job.student, trainset=trainset, seed=job.config.seed)
