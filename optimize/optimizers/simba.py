"""`simba`: demonstrations and rules from what good and bad rollouts of the same problem did otherwise; DSPy's `SIMBA`.

Its rollouts of one problem differ by what the program samples at its own temperatures.
"""

from __future__ import annotations

import dspy
from pydantic import Field

from optimize.expected import Expected, Sizes
from optimize.job.job import Job
from optimize.optimizers.proposing import ProposingOptions


class Options(ProposingOptions):
    """What `simba` reads, besides the keys of proposals.

    demos: demonstrations a predictor gets at most; 0 adds rules only.
    batch: problems a step looks at; all when there are fewer.
    candidates: rollouts of each of them, and programs that are made of these.
    steps: how often.
    """

    demos: int = Field(default=2, ge=0)
    batch: int = Field(default=8, ge=1)
    candidates: int = Field(default=2, ge=2)
    steps: int = Field(default=2, ge=1)


def expected(options: Options, sizes: Sizes) -> list[Expected]:
    batch = min(options.batch, sizes.train)
    sampled = options.steps * batch * options.candidates
    tried = options.steps * batch * (options.candidates + 1)
    finals = min(options.steps, options.candidates) * (sizes.train - batch) + sizes.train
    return [
        Expected("training", runs=sampled + tried + finals, demos=options.demos / 4),
        Expected("proposals", proposals=options.steps * (options.candidates + 1) / (2 if options.demos else 1)),
    ]


def tune(job: Job, options: Options) -> dspy.Module:
    """The best of the steps' programs on all problems."""
    trainset = job.learn_examples
    with job.running():
        optimizer = dspy.SIMBA(
            metric=job.metric,
            bsize=min(options.batch, len(trainset)),
            num_candidates=options.candidates,
            max_steps=options.steps,
            max_demos=options.demos,
            prompt_model=job.prompt_lm,
            num_threads=job.config.concurrency,
        )
        return optimizer.compile(job.student, trainset=trainset, seed=job.config.seed)
