"""pass@k without bias (Chen et al., arXiv 2107.03374, section 2.1) and n@k (Li et al., AlphaCode, arXiv 2203.07814).

pass@k: the chance that at least one of k samples solves the problem (with an oracle to pick it).
n@k: the same if only n of the k samples may be submitted, and the flow itself chooses them. 1@k is what a user gets
from k samples; k@k is pass@k.

Both are exact means over all subsets of k samples. Over several problems they are reported only if every problem has k
samples: otherwise the mean would be over other problems than the solved rate, and could even be lower. "Solved by any
sample" is reported for any numbers of samples.
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
        short: the same in words, for a table cell.
    """

    def __init__(self, what: str, k: int, samples: Sequence[int]) -> None:
        self.enough, self.problems = sum(each >= k for each in samples), len(samples)
        self.short = f"k = {k} on {self.enough} of {self.problems} problems"
        super().__init__(f"{what} needs {k} samples of every problem; {self.enough} of {self.problems} have them")


def pass_at_k(samples: int, solved: int, k: int) -> float:
    """The chance that one of k samples solves the problem, given `solved` successes in `samples` samples.

    Raises:
        ValueError: fewer samples than k, or more solved than samples.
    """
    _refuse_impossible(samples, k)
    if not 0 <= solved <= samples:
        raise ValueError(f"{solved} of {samples} samples cannot be solved")
    return float(1 - Fraction(comb(samples - solved, k), comb(samples, k)))


def n_at_k(evidence: Sequence[Any], solved: Sequence[bool], n: int, k: int) -> float:
    """The chance that one of n submitted programs solves the problem, if the n best of k samples are submitted.

    Args:
        evidence: of each sample; higher is better, and ties are broken at random.
        solved: whether each sample solves the problem.
        n: submitted.
        k: sampled.

    Raises:
        ValueError: fewer samples than k, or n not between 1 and k.
    """
    samples = len(evidence)
    _refuse_impossible(samples, k)
    if not 1 <= n <= k:
        raise ValueError(f"{n} of {k} samples cannot be submitted")
    sizes, failing = Counter(evidence), Counter(e for e, s in zip(evidence, solved, strict=True) if not s)
    left, lost = samples, Fraction(0)  # lost: number of k-subsets in which the n best all fail
    # ways[j]: ways to draw j samples better than this group, all failing
    ways = [Fraction(1)] + [Fraction(0)] * (n - 1)
    for value in sorted(sizes, reverse=True):
        size, bad = sizes[value], failing[value]
        left -= size
        after = [Fraction(0)] * n
        for chosen, count in enumerate(ways):
            for drawn in range(min(size, k - chosen) + 1):
                if chosen + drawn < n:
                    after[chosen + drawn] += count * comb(bad, drawn)
                else:  # the group fills the remaining submissions; which of its drawn samples is random
                    wanted = n - chosen
                    fails = Fraction(comb(bad, wanted), comb(size, wanted))
                    lost += count * comb(size, drawn) * fails * comb(left, k - chosen - drawn)
        ways = after
    return float(1 - lost / comb(samples, k))


def pass_at_k_of(outcomes: Mapping[str, Sequence[bool]], k: int) -> Estimate:
    """pass@k over all problems.

    Args:
        outcomes: by problem, whether each judged sample solved it.
        k: samples per problem.

    Raises:
        TooFewSamples: a problem has fewer samples, or there is no problem.
    """
    refuse_too_few(f"pass@{k}", k, [len(done) for done in outcomes.values()])
    return mean_share([pass_at_k(len(done), sum(done), k) for done in outcomes.values()])


def solved_by_any(outcomes: Mapping[str, Sequence[bool]]) -> Estimate:
    """The share of problems that at least one judged sample solves, however many samples each has."""
    return mean_share([float(any(done)) for done in outcomes.values()])


def refuse_too_few(what: str, k: int, samples: Sequence[int]) -> None:
    """Refuse `what` over problems with these numbers of judged samples.

    Raises:
        TooFewSamples: a problem has fewer than k, or there is no problem.
    """
    if not samples or min(samples) < k:
        raise TooFewSamples(what, k, samples)


def _refuse_impossible(samples: int, k: int) -> None:
    if k < 1:
        raise ValueError(f"pass@{k} is not defined: k must be at least 1")
    if samples < k:
        raise ValueError(f"pass@{k} needs {k} samples of the problem; there are {samples}")
