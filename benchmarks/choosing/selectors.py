"""Ways to choose among programs that pass the public tests, from their behaviour on further inputs.

Each takes a matrix of behaviours (`program.bench.behaviours`) and gives each program a score; `chosen` takes the
highest. No output is known to be right. So a claim (a program prints this output on this input) replaces a test of the
papers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from program.bench.behaviours import CRASHED, group_sizes, votes

Selector = Callable[[np.ndarray], np.ndarray]


def chosen(scores: np.ndarray) -> int:
    """The row with the highest score; among equals the first, which was sampled first."""
    return int(np.argmax(scores))


def functional_majority(matrix: np.ndarray) -> np.ndarray:
    """The votes for a program; see `program.bench.behaviours.votes`."""
    return votes(matrix).sum(axis=1)


def dual_agreement(matrix: np.ndarray) -> np.ndarray:
    """Number of programs in a group times number of tests that they pass (CodeT, arXiv 2207.10397, section 2.2). The
    paper uses tests with outputs that the model wrote; here every program claims its own outputs."""
    return group_sizes(matrix) * functional_majority(matrix)


def claims_by_auc(matrix: np.ndarray) -> np.ndarray:
    """The claims that a program agrees with, weighted by how well each one predicts the ranking of programs by all
    other inputs (ACES, arXiv 2604.03922, ACES-C).

    The paper's identity: the AUC of a left-out test minus 1/2 is proportional to how much more often right programs
    pass it than wrong ones. Let p be the share of programs that pass it. Then this difference is (AUC - 1/2) p (1 - p),
    up to a factor common to all tests. This is the weight here, or 0 if it is negative. The whole input is left out,
    because its claims exclude each other. If no weight is above 0, all claims count equally.
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
