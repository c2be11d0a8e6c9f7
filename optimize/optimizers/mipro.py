"""`mipro`: instructions and demonstrations chosen together by Bayesian optimization; DSPy's `MIPROv2` (Opsahl-Ong et
al., arXiv 2406.11695). With `demos = 0` instructions only."""

from __future__ import annotations

import dspy
from pydantic import Field

from optimize.job.job import Job
from optimize.optimizers.proposing import Proposing
from optimize.undocumented import verbosity_kept


class Mipro(Proposing, frozen=True):
    """Instructions and demonstrations, combined by Bayesian optimization."""

    demos: int = Field(default=2, ge=0)
    """maximum demonstrations per predictor; 0 tunes instructions only"""
    threshold: float = Field(default=1.0, gt=0, le=1)
    candidates: int = Field(default=3, ge=2)
    """instructions, and sets of demonstrations, per predictor; the first of each is the unchanged program"""
    trials: int = Field(default=6, ge=1)
    """number of combinations to try"""
    choose: float = Field(default=0.5, gt=0, lt=1)
    """share of the problems for comparing combinations"""
    program_aware: bool = False
    """whether the proposing model sees the program's source; this adds two long calls per proposal"""
    data_aware: bool = False
    """whether it sees a summary of the problems"""
    teacher_lm: str | None = None
    teacher_api_base: str | None = None

    def tune(self, job: Job) -> dspy.Module:
        """The best combination."""
        job.roll_out()  # for demonstrations, and for the examples in proposals
        with verbosity_kept(), job.running():
            optimizer = dspy.MIPROv2(
                metric=job.metric,
                metric_threshold=self.threshold,
                prompt_model=job.prompt_lm,
                task_model=job.lm,
                teacher_settings={"lm": job.teacher_lm},
                auto=None,
                num_candidates=self.candidates,
                max_bootstrapped_demos=self.demos,
                max_labeled_demos=0,
                num_threads=job.config.concurrency,
                max_errors=1,
                seed=job.config.seed,
            )
            return optimizer.compile(
                job.student,
                teacher=job.teacher,
                trainset=job.learn_examples,
                valset=job.choose_examples,
                num_trials=self.trials,
                minibatch=False,
                program_aware_proposer=self.program_aware,
                data_aware_proposer=self.data_aware,
            )
