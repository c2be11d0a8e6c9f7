"""Two arms on the same problems: the difference, whether it is shown, and what would show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from eval.numbers.criteria import shares
from eval.numbers.intervals import Estimate, difference_estimate
from eval.numbers.paired_tests import holm, mcnemar, sign_flip
from eval.numbers.power import difference_shown, problems_needed

SHOWN_AT = 0.05  # the p-value after Holm's correction


@dataclass(frozen=True)
class Paired:
    """The second arm against the first, on the problems that both have judged samples of.

    before, after: share of each problem's samples that are solved, by problem.
    difference: of the means, with its interval.
    p: of the exact McNemar test where each problem has one sample in both arms, else of the paired permutation test.
    corrected, arms: p after Holm's correction over so many arms that were compared.
    """

    before: dict[str, float]
    after: dict[str, float]
    difference: Estimate
    test: str
    p: float
    corrected: float
    arms: int = 1

    @property
    def won(self) -> list[str]:
        """Problems the second arm solves more often."""
        return [name for name in self.before if self.after[name] > self.before[name]]

    @property
    def lost(self) -> list[str]:
        """Problems the first arm solves more often."""
        return [name for name in self.before if self.after[name] < self.before[name]]

    @property
    def single(self) -> bool:
        """Whether every problem is either solved or not, in both arms."""
        return {*self.before.values(), *self.after.values()} <= {0.0, 1.0}


def pair(first: Mapping[str, Sequence[bool]], second: Mapping[str, Sequence[bool]]) -> Paired | None:
    """Compare two arms; None where they have no judged problem in common.

    Args:
        first, second: by problem, whether each judged sample solved it.
    """
    shared = sorted(set(first) & set(second))
    if not shared:
        return None
    before, after = (shares({name: arm[name] for name in shared}) for arm in (first, second))
    one_sample = all(len(arm[name]) == 1 for arm in (first, second) for name in shared)
    if one_sample:
        won, lost = (sum(x[name] > y[name] for name in shared) for x, y in ((after, before), (before, after)))
        test, p = "exact McNemar test", mcnemar(lost, won)
    else:
        test, p = "paired permutation test", sign_flip([after[name] - before[name] for name in shared])
    difference = difference_estimate(list(before.values()), list(after.values()))
    return Paired(before, after, difference, test, p, corrected=p)


def pair_all(
    first: Mapping[str, Sequence[bool]], others: Sequence[Mapping[str, Sequence[bool]]]
) -> list[Paired | None]:
    """Compare several arms with the first, corrected for their number; see `pair`."""
    found = [pair(first, other) for other in others]
    corrected = iter(holm([each.p for each in found if each]))
    arms = sum(each is not None for each in found)
    return [each and replace(each, corrected=next(corrected), arms=arms) for each in found]


def sentence(first: str, second: str, paired: Paired) -> str:
    """What the comparison says, in plain words.

    Args:
        first, second: names of the arms.
        paired: the second against the first. A problem set that shows each of several differences must be larger. The
            interval is of this difference alone, so a p-value that was corrected for several is said to be.
    """
    p, level = paired.corrected, SHOWN_AT / paired.arms
    value, low, high = (100 * each for each in paired.difference)
    differences = [paired.after[name] - paired.before[name] for name in paired.before]
    if abs(value) < 0.05:
        said = f"{second} solves as much as {first}, 95 % CI {low:.1f} to {high:.1f} points"
        least = difference_shown(differences, level)
        return said + (f"; so many problems would show {100 * least:.0f} points with 80 % power." if least else ".")
    # Told from the side of the second arm, whose interval is turned round where it solves less.
    more, ends = ("more", (low, high)) if value > 0 else ("less", (-high, -low))
    said = f"{second} solves {abs(value):.1f} points {more} than {first}, "
    said += f"95 % CI {ends[0]:.1f} to {ends[1]:.1f}, p = {p:.3f}{' after Holm' if paired.arms > 1 else ''}"
    if p <= SHOWN_AT:
        return f"{said}: shown."
    needed = problems_needed(differences, level)
    return f"{said}: not shown at this size; {needed:,} problems would show such a difference with 80 % power."
