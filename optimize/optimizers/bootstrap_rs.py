"""`bootstrap_rs`: several sets of bootstrapped demonstrations, and the best one on the validation problems; DSPy's
`BootstrapFewShotWithRandomSearch`."""

from __future__ import annotations

import dspy
from pydantic import Field

from optimize.job.job import Job
from optimize.optimizers.bootstrap import Bootstrap


class BootstrapRS(Bootstrap, frozen=True):
    """Random sets of bootstrapped demonstrations, compared with each other."""

    demos: int = Field(default=2, ge=1)
    candidates: int = Field(default=3, ge=1)
    """number of random sets; the program without demonstrations and the set in data order are also tried"""
    choose: float = Field(default=0.5, gt=0, lt=1)
    """share of the problems for choosing candidates; the others give demonstrations"""

    def tune(self, job: Job) -> dspy.Module:
        """The best of the candidates."""
        job.roll_out()  # all sets are made from the same rollouts of the teacher
        with job.running():
            optimizer = dspy.BootstrapFewShotWithRandomSearch(
                metric=job.metric,
                metric_threshold=self.threshold,
                max_bootstrapped_demos=self.demos,
                max_labeled_demos=0,
                num_candidate_programs=self.candidates,
                num_threads=job.config.concurrency,
                max_errors=1,
                teacher_settings={"lm": job.teacher_lm},
            )
            return optimizer.compile(
                job.student, teacher=job.teacher, trainset=job.learn_examples, valset=job.choose_examples
            )
