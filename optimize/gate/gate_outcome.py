"""The outcome of the comparison of a compiled program with its start: whether the artifact ships, and the message."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from eval.numbers.intervals import Estimate, difference_estimate
from eval.numbers.paired import Pair, differences
from eval.tables.markdown import points
from optimize.job.copying import Copying
from program.cli.output import counted

GAIN = 0.05  # minimum gain in the solved rate for an artifact to ship
# A true loss of five points ships in at most 8 of 100 compilations, for any number of problems and although the gate
# may look twice (`benchmarks.numbers.gates`): the lower end of the one-sided 95 % interval must be above it.
LOSS = -0.05
LOSS_LEVEL = 0.1  # level of the two-sided interval with the same lower end
MARGIN = 0.03  # a cheaper artifact may solve this much less, and ships
CHEAPER = 0.7  # maximum cost of a cheaper artifact, relative to the start's

Decision = Literal["better", "ahead, not shown", "as good, cheaper", "kept", "not compared"]
BARE = ("kept", "not compared")  # decisions that can be without a comparison


class Outcome(BaseModel):
    """The outcome of a gate, stored in artifacts and reports. Shares are solved rates, 0 to 1.

    decision: "kept" ships the start, all others ship the compiled program; "not compared" without a gate.
    why: why the start is kept if there was no comparison.
    stopped: the cap that ended the compilation before a comparison.
    start, compiled: solved rates.
    gain: the difference, compiled minus start; interval: the ends of its 95 % interval.
    problems, draws: number of problems, and rollouts per problem and program.
    cost: per rollout of the compiled program, relative to the start; unit: its unit.
    copied: by stage, the number of answers of the compiled program that copied from its demonstrations.
    """

    model_config = ConfigDict(frozen=True)

    decision: Decision
    why: str = ""
    stopped: str = ""
    start: float | None = None
    compiled: float | None = None
    gain: float | None = None
    interval: tuple[float, float] | None = None
    problems: int = 0
    draws: int = 0
    cost: float | None = None
    unit: str = ""
    copied: dict[str, Copying] = {}

    @model_validator(mode="after")
    def _has_its_numbers(self) -> Self:
        numbers = [self.start, self.compiled, self.gain, self.interval]
        if None in numbers and (any(each is not None for each in numbers) or self.decision not in BARE):
            raise ValueError(f"{self.decision} without the numbers of a comparison")
        return self

    @property
    def ships(self) -> bool:
        """Whether the artifact is the compiled program."""
        return self.decision != "kept"

    @property
    def is_open(self) -> bool:
        """Whether more rollouts may show that the compiled program is ahead."""
        return self.decision == "kept" and self.gain is not None and self.gain > LOSS

    def line(self) -> str:
        """One line of text that begins with the decision."""
        match self.decision:
            case "not compared":
                return "not compared with its start (--no-gate)"
            case "kept" if self.stopped:
                return f"not compared yet: {self.stopped}; the start is kept until the same command resumes with more"
            case "kept" if self.gain is None:
                return f"kept: nothing found that is better ({self.why})"
            case "kept":
                few = "; too few problems to show that it is as good for less" if self._is_cheap else ""
                certain = " with enough certainty" if self.gain and self.gain > 0 else ""
                return f"kept: nothing found that is better{certain}; the best candidate: {self._numbers()}{few}"
            case "as good, cheaper":
                said = "as good, cheaper: "
            case decided:
                said = f"{decided}: "
        return said + self._numbers()

    @property
    def _is_cheap(self) -> bool:
        """Whether the compiled program is cheaper, and was not seen to be worse."""
        return bool(self.compiled) and _is_cheaper(self.cost, self.gain or 0.0)

    def _numbers(self) -> str:
        assert self.gain is not None and self.interval is not None, "there was a comparison"
        said = points(Estimate(self.gain, *self.interval))
        said += f"; the start solves {self.start:.1%}, this {self.compiled:.1%}"
        said += f", on {counted(self.problems, 'problem')} with {counted(self.draws, 'draw')} each"
        return said + (f"; {self.unit}: {self.cost:.2f} times the start's" if self.cost is not None else "")


def decide(pair: Pair, cost: float | None) -> tuple[Decision, Estimate]:
    """Whether an artifact ships, and the difference in the solved rate.

    Args:
        pair: the solved shares of the start and the compiled program, problem by problem.
        cost: see `Outcome`; None if unknown.
    """
    (found,) = differences([pair])
    gain, low, _ = found.estimate
    if gain > 0 and found.shown:
        return "better", found.estimate
    if gain >= GAIN and difference_estimate(*pair, level=LOSS_LEVEL).low > LOSS:
        return "ahead, not shown", found.estimate
    if _is_cheaper(cost, gain) and low > LOSS and any(pair[1]):  # to solve nothing for less is no success
        return "as good, cheaper", found.estimate
    return "kept", found.estimate


def _is_cheaper(cost: float | None, gain: float) -> bool:
    return cost is not None and cost <= CHEAPER and gain >= -MARGIN
