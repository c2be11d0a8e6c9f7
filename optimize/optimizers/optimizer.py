"""The interface of optimizers: the keys that an optimizer reads, and how it tunes a program."""

from __future__ import annotations

from abc import abstractmethod
from typing import cast

import dspy

from optimize.config import CompileConfig, OptimizerOptions
from optimize.job.job import Job


class Optimizer(OptimizerOptions, frozen=True):
    """The base of all optimizers."""

    @abstractmethod
    def tune(self, job: Job) -> dspy.Module:
        """A tuned copy of `job.student`.

        Raises:
            Halted: a cap is reached, or something outside the programs failed.
        """


def optimizer_of(config: CompileConfig) -> Optimizer:
    """The optimizer of a configuration, with its keys."""
    return cast(Optimizer, config.tuning)
