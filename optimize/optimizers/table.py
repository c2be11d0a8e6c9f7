"""The table of optimizers: one module each, with its options, what it is expected to cost, and `tune`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from optimize.config import ConfigError

if TYPE_CHECKING:
    import dspy

    from optimize.expected import Expected, Sizes
    from optimize.job.job import Job

NAMES = ("bootstrap", "bootstrap_rs", "verified", "mipro", "simba", "gepa", "copro")
NO_LABELS = "it learns from labelled outputs of every stage, and the data has none; bootstrap and verified make them"


class Optimizer(Protocol):
    """What a module of the table has."""

    @property
    def Options(self) -> Any:
        """A subclass of `optimize.config.Options`."""
        ...

    def expected(self, options: Any, sizes: Sizes) -> Sequence[Expected]:
        """The phases, with what each is expected to ask."""
        ...

    def tune(self, job: Job, options: Any) -> dspy.Module:
        """A tuned copy of `job.student`.

        Raises:
            Halted: a cap is reached, or something failed that is no program's fault.
        """
        ...


def optimizer(name: str) -> Optimizer:
    """The module of an optimizer.

    Raises:
        ConfigError: there is none of that name, or it cannot work here; in one line.
    """
    match name:
        case "bootstrap":
            from optimize.optimizers import bootstrap as chosen
        case "bootstrap_rs":
            from optimize.optimizers import bootstrap_rs as chosen
        case "verified":
            from optimize.optimizers import verified as chosen
        case "mipro":
            from optimize.optimizers import mipro as chosen
        case "simba":
            from optimize.optimizers import simba as chosen
        case "gepa":
            from optimize.optimizers import gepa as chosen
        case "copro":
            from optimize.optimizers import copro as chosen
        case "labeled" | "infer_rules":
            raise ConfigError(f"optimizer {name} is refused: {NO_LABELS}")
        case "knn":
            raise ConfigError("optimizer knn is refused: it bootstraps anew at every question and cannot be saved")
        case "finetune" | "bootstrap_finetune" | "grpo" | "better_together":
            raise ConfigError(f"optimizer {name} is refused: it trains weights, and artifacts hold prompts only")
        case _:
            raise ConfigError(f"there is no optimizer {name}; there are {', '.join(NAMES)}")
    return chosen
