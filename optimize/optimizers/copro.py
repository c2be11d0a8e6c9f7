"""`copro`: better instructions, one predictor after the other; DSPy's `COPRO`. Instructions only."""

from __future__ import annotations

import random

import dspy
from pydantic import Field

from optimize.expected import Expected, Sizes
from optimize.job.job import Job
from optimize.optimizers.proposing import ProposingOptions


class Options(ProposingOptions):
    """What `copro` reads, besides the keys of proposals.

    breadth: instructions a predictor tries in each round, its present one included.
    depth: rounds; from the second on proposals know the scores of earlier ones.
    batch: problems that each instruction is tried on; all when there are fewer.
    """

    breadth: int = Field(default=3, ge=2)
    depth: int = Field(default=1, ge=1)
    batch: int = Field(default=8, ge=1)


def expected(options: Options, sizes: Sizes) -> list[Expected]:
    # With several predictors each round tries all instructions so far again, as the other predictors have changed.
    tried = sum(options.breadth * (d if sizes.predictors > 1 else 1) for d in range(1, options.depth + 1))
    proposals = sizes.predictors * (options.breadth * options.depth - 1)
    batch = min(options.batch, sizes.train)
    return [
        Expected("proposals", proposals=proposals),
        Expected("training", runs=batch),
        Expected("training", runs=batch * max(0, tried * sizes.predictors - 1), new=sizes.changed),
    ]


def tune(job: Job, options: Options) -> dspy.Module:
    """The program with the best instructions found."""
    everything = job.learn_examples
    batch = random.Random(job.config.seed).sample(everything, min(options.batch, len(everything)))
    # Without a model of its own it prints nothing of the conversation.
    own = job.prompt_lm if options.prompt_lm else None
    with job.running():
        optimizer = dspy.COPRO(metric=job.metric, prompt_model=own, breadth=options.breadth, depth=options.depth)
        found = optimizer.compile(job.student, trainset=batch, eval_kwargs={"num_threads": job.config.concurrency})
    # Of equals DSPy takes the one it tried first, which is never the program as it is.
    before, after = (job.candidates.named(job.candidates.name_of(each)) for each in (job.student, found))
    names = [example.problem.name for example in batch]
    return found if before is None or after is None or after.score(names) > before.score(names) else job.student
