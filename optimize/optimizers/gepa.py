"""`gepa`: instructions evolved by reflection on rollouts in words; DSPy's `GEPA` (Agrawal et al., arXiv 2507.19457).
Instructions only."""

from __future__ import annotations

import math

import dspy
from dspy.teleprompt.gepa import InstructionProposer
from pydantic import Field

from optimize import config
from optimize.expected import Expected, Sizes
from optimize.job.job import Job
from optimize.optimizers.feedback import Feedback
from optimize.optimizers.proposing import PROPOSAL_TOKENS

ACCEPTED = 0.05  # share of proposals that are better on their minibatch: a prior for expecting what it costs


class Options(config.Options):
    """What `gepa` reads.

    metric_calls: program runs it may make, those that cost nothing included.
    minibatch: problems a reflection looks at.
    choose: share of the problems that candidates are compared on.
    reflection_lm: the model that reflects; `lm` itself when not given.
    reflection_api_base: address of a server that has it.
    proposal_tokens: the most an answer of its may have.
    """

    metric_calls: int = Field(default=150, ge=1)
    minibatch: int = Field(default=3, ge=1)
    choose: float = Field(default=0.5, gt=0, lt=1)
    reflection_lm: str | None = None
    reflection_api_base: str | None = None
    proposal_tokens: int = Field(default=PROPOSAL_TOKENS, ge=16)


def expected(options: Options, sizes: Sizes) -> list[Expected]:
    drawn = min(options.minibatch, sizes.train)
    perfect = math.comb(sizes.good_runs, drawn) / math.comb(sizes.train, drawn)  # then nothing is proposed
    tried = 1 - perfect
    a_round = options.minibatch * (1 + tried) + tried * ACCEPTED * sizes.val
    rounds = max(0.0, (options.metric_calls - sizes.val) / a_round)
    proposals = rounds * tried
    return [
        Expected("evaluation", runs=sizes.val),
        Expected("training", runs=min(sizes.train, rounds * options.minibatch)),
        Expected("proposals", proposals=proposals),
        Expected("training", runs=proposals * options.minibatch, new=sizes.changed),
        Expected("evaluation", runs=proposals * ACCEPTED * sizes.val, new=sizes.changed),
    ]


def tune(job: Job, options: Options) -> dspy.Module:
    """The best candidate on the problems set aside."""
    with job.running():
        optimizer = dspy.GEPA(
            metric=Feedback(job),
            max_metric_calls=options.metric_calls,
            reflection_minibatch_size=options.minibatch,
            reflection_lm=job.prompt_lm,
            instruction_proposer=InstructionProposer(adapter=job.proposals),
            use_merge=False,
            num_threads=job.config.concurrency,
            seed=job.config.seed,
            warn_on_score_mismatch=False,
        )
        return optimizer.compile(job.student, trainset=job.learn_examples, valset=job.choose_examples)
