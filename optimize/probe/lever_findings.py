"""The findings of a probe: for each lever its gain, its cost, and the smallest detectable gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from eval.numbers.intervals import Estimate, difference_estimate
from eval.numbers.power import least_gain
from eval.tables.markdown import points, table
from optimize.job.candidates import SCREENING_LEVEL
from optimize.probe.levers_to_probe import Lever

HEAD = ["lever", "compared", "problems", "gain (80 % interval)", "could be seen from", "calls of a rollout"]


@dataclass(frozen=True)
class ProbeArm:
    """The results of one program.

    solved: by problem, 0 to 1.
    calls: of a rollout, by problem.
    """

    solved: Mapping[str, float]
    calls: Mapping[str, float]


@dataclass(frozen=True)
class LeverFinding:
    """The finding on one lever.

    problems: common to both arms of a pair.
    before: solved share without the change; a problem of several pairs counts with their mean.
    gain: solved share with the change minus that.
    visible: the smallest gain that the comparison detects with 80 % power.
    calls: per rollout without and with the change, means over the first pair.
    """

    lever: Lever
    problems: int
    before: float
    gain: Estimate
    visible: float
    calls: tuple[float, float]

    @property
    def shown(self) -> bool:
        return self.problems > 0 and self.gain.low > 0

    @property
    def may_be_shown(self) -> bool:
        """Whether the gain is not shown but may be on further problems: it is at least half of a visible one."""
        return self.problems > 0 and not self.shown and self.gain.value >= self.visible / 2

    def as_json(self) -> dict[str, Any]:
        return {
            **self.lever._asdict(),
            "problems": self.problems,
            "gain": self.gain.value if self.problems else None,
            "interval": [self.gain.low, self.gain.high] if self.problems else None,
            "visible": self.visible,
            "calls": list(self.calls),
            "shown": self.shown,
        }

    def row(self) -> list[str]:
        """The cells of the table; see `HEAD`."""
        lever, (before, after) = self.lever, self.calls
        compared = "; ".join(f"{second}, against {first}" for first, second in lever.pairs)
        if not self.problems:
            return [lever.name, compared, "0", "not tried", "–", "–"]
        gain, costs = points(self.gain), f"{after:.1f}, against {before:.1f}"
        return [lever.name, compared, str(self.problems), gain, f"{100 * self.visible:.0f} points", costs]


def finding(lever: Lever, arms: Mapping[str, ProbeArm]) -> LeverFinding:
    """Compare the existing arms of a lever."""
    none = ProbeArm({}, {})
    pairs = [(arms.get(first, none), arms.get(second, none)) for first, second in lever.pairs]
    values: dict[str, list[tuple[float, float]]] = {}
    for first, second in pairs:
        for name in first.solved.keys() & second.solved.keys():
            values.setdefault(name, []).append((first.solved[name], second.solved[name]))
    before, after = ([fmean(both[place] for both in values[name]) for name in sorted(values)] for place in (0, 1))
    one, two = pairs[0]
    both = sorted(one.calls.keys() & two.calls.keys())
    calls = [fmean(arm.calls[name] for name in both) if both else 0.0 for arm in pairs[0]]
    gain = difference_estimate(before, after, level=SCREENING_LEVEL)
    share, visible = fmean(before) if before else 0.0, least_gain(before, after, SCREENING_LEVEL)
    return LeverFinding(lever, len(values), share, gain, visible, (calls[0], calls[1]))


def findings_table(findings: Sequence[LeverFinding]) -> str:
    """All levers as a Markdown table."""
    return table(HEAD, [each.row() for each in findings])
