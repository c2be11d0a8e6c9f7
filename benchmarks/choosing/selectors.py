"""Ways to choose among programs that pass the public tests, from what they do on further inputs.

Each takes a matrix of behaviours (`program.bench.behaviours`) and gives each program a score; `chosen` takes the
highest. No output is known to be right, so what stands for a test in the papers is here a claim: a program prints this
output on this input.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from program.bench.behaviours import CRASHED, group_sizes, votes

Selector = Callable[[np.ndarray], np.ndarray]


def chosen(scores: np.ndarray) -> int:
    """The row of the highest score, of equals the first: the program that was sampled first."""
    return int(np.argmax(scores))


def functional_majority(matrix: np.ndarray) -> np.ndarray:
    """The votes for a program; see `program.bench.behaviours.votes`."""
    return votes(matrix).sum(axis=1)


def dual_agreement(matrix: np.ndarray) -> np.ndarray:
    """Programs of a group times tests that they pass (CodeT, arXiv 2207.10397, section 2.2). Where the paper has tests
    that the model wrote, outputs and all, every program here claims its outputs."""
    return group_sizes(matrix) * functional_majority(matrix)


def claims_by_auc(matrix: np.ndarray) -> np.ndarray:
    """The claims that a program agrees with, weighted by how well each tells programs apart in the order that all other
    inputs give them (ACES, arXiv 2604.03922, ACES-C).

    The paper's identity: the area under the curve of a test that is left out, less 1/2, is in proportion to how much
    oftener right programs pass it than wrong ones. With p, the share of programs that pass it, that difference is the
    area, less 1/2, times p (1 - p), up to a factor that all tests share; that is the weight here, and 0 where it is
    negative. Left out is the whole input, as its claims exclude each other. Without a weight above 0 all claims count
    alike.
    """
    agreeing = votes(matrix)
    total = agreeing.sum(axis=1)
    scores = np.zeros(len(matrix))
    for place, column in enumerate(matrix.T):
        rest = total - agreeing[:, place]
        ahead = (rest[:, None] > rest[None, :]) + 0.5 * (rest[:, None] == rest[None, :])
        for claim in np.unique(column[column != CRASHED]):
            agree = column == claim
            if agree.all():
                continue
            area, share = ahead[np.ix_(agree, ~agree)].mean(), agree.mean()
            scores[agree] += max(0.0, area - 0.5) * share * (1 - share) * agree.sum()
    return scores if scores.any() else total


SELECTORS: dict[str, Selector] = {
    "largest group": group_sizes,
    "functional majority": functional_majority,
    "dual agreement": dual_agreement,
    "claims by AUC": claims_by_auc,
}
