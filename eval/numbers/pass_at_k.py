"""pass@k without bias (Chen et al., arXiv 2107.03374, section 2.1) and n@k (Li et al., AlphaCode, arXiv 2203.07814).

pass@k: the chance that at least one of k samples solves the problem; somebody who knows the hidden tests could pick it.
n@k: the same when only n of the k samples may be handed in, and the flow itself has to say which. 1@k is what a user
gets from k samples; k@k is pass@k.

Both are means over all subsets of k of the samples there are, worked out exactly. Over several problems they are
reported only where each has k samples: the mean over those that have would be of other problems than those of the
solved rate, and may even be lower. Solved by any sample is reported for any numbers of samples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import comb
from typing import Any

from eval.numbers.intervals import Estimate, mean_share


class TooFewSamples(ValueError):
    """Some problems have fewer judged samples than k.

    Attributes:
        enough, problems: how many problems have k samples, and how many there are.
        short: the same in words, for a cell of a table.
    """

    def __init__(self, what: str, k: int, samples: Sequence[int]) -> None:
        self.enough, self.problems = sum(each >= k for each in samples), len(samples)
        self.short = f"k = {k} on {self.enough} of {self.problems} problems"
        super().__init__(f"{what} needs {k} samples of every problem; {self.enough} of {self.problems} have them")


def pass_at_k(samples: int, solved: int, k: int) -> float:
    """The chance that one of k samples solves the problem, from `samples` of which `solved` do.

    Raises:
        ValueError: fewer samples than k, or more solved than there are.
    """
    _refuse_impossible(samples, k)
    if not 0 <= solved <= samples:
        raise ValueError(f"{solved} of {samples} samples cannot be solved")
    return float(1 - Fraction(comb(samples - solved, k), comb(samples, k)))


def n_at_k(evidence: Sequence[Any], solved: Sequence[bool], n: int, k: int) -> float:
    """The chance that one of n programs handed in solves the problem, when the n best of k samples are handed in.

    Args:
        evidence: of each sample, by which it is chosen: more is better; of equals any may be taken.
        solved: whether each sample solves the problem.
        n: handed in.
        k: sampled.

    Raises:
        ValueError: fewer samples than k, or n not between 1 and k.
    """
    samples = len(evidence)
    _refuse_impossible(samples, k)
    if not 1 <= n <= k:
        raise ValueError(f"{n} of {k} samples cannot be handed in")
    sizes, failing = Counter(evidence), Counter(e for e, s in zip(evidence, solved, strict=True) if not s)
    left, lost = samples, Fraction(0)  # lost: number of k-subsets whose n best all fail
    ways = [Fraction(1)] + [Fraction(0)] * (n - 1)  # ways[j]: to draw j of what is better than this group, all failing
    for value in sorted(sizes, reverse=True):
        size, bad = sizes[value], failing[value]
        left -= size
        after = [Fraction(0)] * n
        for held, count in enumerate(ways):
            for drawn in range(min(size, k - held) + 1):
                if held + drawn < n:
                    after[held + drawn] += count * comb(bad, drawn)
                else:  # the group fills what may still be handed in; which of those drawn is left to chance
                    wanted = n - held
                    fails = Fraction(comb(bad, wanted), comb(size, wanted))
                    lost += count * comb(size, drawn) * fails * comb(left, k - held - drawn)
        ways = after
    return float(1 - lost / comb(samples, k))


def pass_at_k_of(outcomes: Mapping[str, Sequence[bool]], k: int) -> Estimate:
    """pass@k over all problems.

    Args:
        outcomes: by problem, whether each judged sample solved it.
        k: samples a problem.

    Raises:
        TooFewSamples: a problem has fewer samples, or there is no problem.
    """
    refuse_too_few(f"pass@{k}", k, [len(done) for done in outcomes.values()])
    return mean_share([pass_at_k(len(done), sum(done), k) for done in outcomes.values()])


def solved_by_any(outcomes: Mapping[str, Sequence[bool]]) -> Estimate:
    """The share of problems that at least one judged sample solves, however many samples each has."""
    return mean_share([float(any(done)) for done in outcomes.values()])


def refuse_too_few(what: str, k: int, samples: Sequence[int]) -> None:
    """Refuse to tell `what` over problems with so many judged samples each.

    Raises:
        TooFewSamples: not all of them have k, or there are none.
    """
    if not samples or min(samples) < k:
        raise TooFewSamples(what, k, samples)


def _refuse_impossible(samples: int, k: int) -> None:
    if k < 1:
        raise ValueError(f"pass@{k} is nothing: k must be at least 1")
    if samples < k:
        raise ValueError(f"pass@{k} needs {k} samples of the problem; there are {samples}")
