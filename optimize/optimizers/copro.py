"""`copro`: better instructions, one predictor after the other; DSPy's `COPRO`. Instructions only."""

from __future__ import annotations

import random

import dspy
from pydantic import Field

from optimize.job.job import Job
from optimize.optimizers.proposing import Proposing


class Copro(Proposing, frozen=True):
    """Instructions, in rounds over the predictors."""

    breadth: int = Field(default=3, ge=2)
    """instructions a predictor tries in each round, its present one included"""
    depth: int = Field(default=1, ge=1)
    """rounds; from the second on proposals know the scores of earlier ones"""
    batch: int = Field(default=8, ge=1)
    """problems that each instruction is tried on; all when there are fewer"""

    def tune(self, job: Job) -> dspy.Module:
        """The program with the best instructions found."""
        everything = job.learn_examples
        batch = random.Random(job.config.seed).sample(everything, min(self.batch, len(everything)))
        with job.running():
            optimizer = dspy.COPRO(
                metric=job.metric, prompt_model=job.prompt_lm, breadth=self.breadth, depth=self.depth
            )
            found = optimizer.compile(job.student, trainset=batch, eval_kwargs={"num_threads": job.config.concurrency})
        # Of equals DSPy takes the one it tried first, which is never the program as it is.
        before, after = (job.candidates.named(job.candidates.name_of(each)) for each in (job.student, found))
        names = [example.problem.name for example in batch]
        return found if before is None or after is None or after.score(names) > before.score(names) else job.student
