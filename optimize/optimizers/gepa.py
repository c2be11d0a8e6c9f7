"""`gepa`: instructions evolved by natural-language reflection on rollouts; DSPy's `GEPA` (Agrawal et al., arXiv
2507.19457). Instructions only."""

from __future__ import annotations

import dspy
from dspy.teleprompt.gepa import InstructionProposer
from pydantic import Field

from optimize.job.job import Job
from optimize.optimizers.feedback import Feedback
from optimize.optimizers.proposing import Proposing


class Gepa(Proposing, frozen=True):
    """Instructions, from reflection on evidence."""

    metric_calls: int = Field(default=150, ge=1)
    minibatch: int = Field(default=3, ge=1)
    """problems per reflection"""
    choose: float = Field(default=0.5, gt=0, lt=1)
    prompt_lm: str | None = Field(default=None, alias="reflection_lm")
    """the model that reflects; default: `lm`"""
    prompt_api_base: str | None = Field(default=None, alias="reflection_api_base")
    """address of its server"""

    def tune(self, job: Job) -> dspy.Module:
        """The best candidate on the validation problems."""
        with job.running():
            optimizer = dspy.GEPA(
                metric=Feedback(job),
                max_metric_calls=self.metric_calls,
                reflection_minibatch_size=self.minibatch,
                reflection_lm=job.prompt_lm,
                instruction_proposer=InstructionProposer(adapter=job.proposals),
                use_merge=False,
                num_threads=job.config.concurrency,
                seed=job.config.seed,
                warn_on_score_mismatch=False,
            )
            return optimizer.compile(job.student, trainset=job.learn_examples, valset=job.choose_examples)
