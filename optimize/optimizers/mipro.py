"""`mipro`: instructions and demonstrations chosen together by Bayesian optimization; DSPy's `MIPROv2` (Opsahl-Ong et
al., arXiv 2406.11695). With `demos = 0` instructions only."""

from __future__ import annotations

import dspy
from pydantic import Field

from optimize.expected import Expected, Sizes, different
from optimize.job.job import Job
from optimize.optimizers.proposing import ProposingOptions


class Options(ProposingOptions):
    """What `mipro` reads, besides the keys of proposals.

    demos: demonstrations a predictor gets at most; 0 tunes instructions only.
    threshold: of the metric, from which on a rollout is good enough to give demonstrations.
    candidates: instructions, and sets of demonstrations, each predictor has to choose from; the first of each is the
        program as it is.
    trials: combinations that are tried.
    choose: share of the problems that combinations are compared on.
    program_aware: whether the proposing model is shown the program's source; two more calls a proposal, and long ones.
    data_aware: whether it is shown a summary of the problems.
    teacher_lm: the model that makes demonstrations; `lm` itself when not given.
    teacher_api_base: address of a server that has it.
    """

    demos: int = Field(default=2, ge=0)
    threshold: float = Field(default=1.0, gt=0, le=1)
    candidates: int = Field(default=3, ge=2)
    trials: int = Field(default=6, ge=1)
    choose: float = Field(default=0.5, gt=0, lt=1)
    program_aware: bool = False
    data_aware: bool = False
    teacher_lm: str | None = None
    teacher_api_base: str | None = None


def expected(options: Options, sizes: Sizes) -> list[Expected]:
    kinds = options.candidates**sizes.predictors * (options.candidates**sizes.predictors if options.demos else 1)
    tried = different(options.trials + 1, kinds)
    proposals = sizes.predictors * options.candidates * (3 if options.program_aware else 1)
    summaries = 2 + (sizes.train - 1) // 10 if options.data_aware else 0
    return [
        Expected("training", runs=sizes.train),
        Expected("proposals", proposals=proposals + summaries),
        Expected("evaluation", runs=sizes.val * tried, demos=options.demos * (1 - 1 / options.candidates)),
    ]


def tune(job: Job, options: Options) -> dspy.Module:
    """The best combination."""
    job.roll_out()  # demonstrations, and the examples in the proposals, are made from these
    with job.running():
        optimizer = dspy.MIPROv2(
            metric=job.metric,
            metric_threshold=options.threshold,
            prompt_model=job.prompt_lm,
            task_model=job.lm,
            teacher_settings={"lm": job.teacher_lm},
            auto=None,
            num_candidates=options.candidates,
            max_bootstrapped_demos=options.demos,
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
            num_trials=options.trials,
            minibatch=False,
            program_aware_proposer=options.program_aware,
            data_aware_proposer=options.data_aware,
        )
