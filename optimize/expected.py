"""What an optimizer is expected to ask, in numbers of program runs and of its own questions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """What the expectation of an optimizer is made from.

    train, val: problems.
    predictors: that are tuned.
    concurrency: rollouts side by side.
    good: share of rollouts that reach the threshold.
    done, found: rollouts to learn from that are there already, and how many of them reach the threshold.
    changed: the share of a run's calls that are new when one predictor has changed; answers before it are known.
    """

    train: int
    val: int
    predictors: int
    concurrency: int
    good: float
    done: int
    found: int
    changed: float

    @property
    def good_runs(self) -> int:
        """Rollouts to learn from that reach the threshold, as far as they are known exactly."""
        return round(self.found + self.good * (self.train - self.done))


def different(draws: float, kinds: float) -> float:
    """How many different ones are expected among draws from so many kinds; what is drawn again costs nothing."""
    return kinds * (1 - (1 - 1 / kinds) ** draws) if kinds > 1 else min(draws, 1.0)


@dataclass(frozen=True)
class Expected:
    """One phase.

    phase: its name.
    runs: of programs.
    new: share of the calls of these runs that are new.
    demos: demonstrations in each prompt, on average.
    proposals: LM calls of the optimizer itself.
    """

    phase: str
    runs: float = 0.0
    new: float = 1.0
    demos: float = 0.0
    proposals: float = 0.0
