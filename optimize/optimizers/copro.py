"""`copro`: better instructions, one predictor after another; DSPy's `COPRO`. Instructions only."""

from __future__ import annotations

import random

import dspy
from pydantic import Field

from optimize.job.job import Job
from optimize.optimizers.proposing import Proposing


class Copro(Proposing, frozen=True):
    """Instructions, in rounds over the predictors."""

    breadth: int = Field(default=3, ge=2)
    """instructions per predictor and round, including the current one"""
    depth: int = Field(default=1, ge=1)
    """rounds; from the second on, proposals see the scores of earlier ones"""
    batch: int = Field(default=8, ge=1)
    """problems per trial of an instruction; all if there are fewer"""

    def tune(self, job: Job) -> dspy.Module:
        """The program with the best instructions found."""
        everything = job.learn_examples
        batch = random.Random(job.config.seed).sample(everything, min(self.batch, len(everything)))
        with job.running():
            optimizer = dspy.COPRO(
                metric=job.metric, prompt_model=job.prompt_lm, breadth=self.breadth, depth=self.depth
            )
            found = optimizer.compile(job.student, trainset=batch, eval_kwargs={"num_threads": job.config.concurrency})
        # Among equals DSPy takes the first tried one, which is never the unchanged program.
        before, after = (job.candidates.named(job.candidates.name_of(each)) for each in (job.student, found))
        names = [example.problem.name for example in batch]
        return found if before is None or after is None or after.score(names) > before.score(names) else job.student
