"""Choosing among programs that pass the public tests, from what they do on further inputs.

Every selector takes a matrix of behaviours and gives each program a score; `chosen` takes the highest. Row: a program,
one that was sampled twice is there twice. Column: an input. Equal numbers in a column: the same output. No output is
known to be right, so what stands for a test in the papers is here a claim: a program prints this output on this input.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

CRASHED = -1  # the run gave no output; it agrees with no other, not even with another crash

Selector = Callable[[np.ndarray], np.ndarray]


def chosen(scores: np.ndarray) -> int:
    """The row of the highest score, of equals the first: the program that was sampled first."""
    return int(np.argmax(scores))


def largest_group(behaviours: np.ndarray) -> np.ndarray:
    """How many programs do the same on every input (AlphaCode, arXiv 2203.07814, section 4.6), crashes included, as an
    input may be invalid. A program that crashes on every input gets 0.

    Args:
        behaviours: shape (programs, inputs); whole numbers, `CRASHED` or from 0 on.
    """
    silent = bool(behaviours.shape[1]) & (behaviours == CRASHED).all(axis=1)
    return np.where(silent, 0, _group_sizes(behaviours))


def functional_majority(behaviours: np.ndarray) -> np.ndarray:
    """On how many inputs how many programs print the same: of all programs the medoid (Functional Majority Voting,
    arXiv 2604.15618, section 3, equation 1).

    Args:
        behaviours: see `largest_group`.
    """
    return _votes(behaviours).sum(axis=1)


def dual_agreement(behaviours: np.ndarray) -> np.ndarray:
    """Programs of a group times tests that they pass (CodeT, arXiv 2207.10397, section 2.2). Where the paper has tests
    that the model wrote, outputs and all, every program here claims its outputs.

    Args:
        behaviours: see `largest_group`.
    """
    return _group_sizes(behaviours) * functional_majority(behaviours)


def claims_by_auc(behaviours: np.ndarray) -> np.ndarray:
    """The claims that a program agrees with, weighted by how well each tells programs apart in the order that all other
    inputs give them (ACES, arXiv 2604.03922, ACES-C).

    The paper's identity: the area under the curve of a test that is left out, less 1/2, is in proportion to how much
    oftener right programs pass it than wrong ones. With p, the share of programs that pass it, that difference is the
    area, less 1/2, times p (1 - p), up to a factor that all tests share; that is the weight here, and 0 where it is
    negative. Left out is the whole input, as its claims exclude each other. Without a weight above 0 all claims count
    alike.

    Args:
        behaviours: see `largest_group`.
    """
    votes = _votes(behaviours)
    total = votes.sum(axis=1)
    scores = np.zeros(len(behaviours))
    for place, column in enumerate(behaviours.T):
        rest = total - votes[:, place]
        ahead = (rest[:, None] > rest[None, :]) + 0.5 * (rest[:, None] == rest[None, :])
        for claim in np.unique(column[column != CRASHED]):
            agree = column == claim
            if agree.all():
                continue
            area, share = ahead[np.ix_(agree, ~agree)].mean(), agree.mean()
            scores[agree] += max(0.0, area - 0.5) * share * (1 - share) * agree.sum()
    return scores if scores.any() else total


SELECTORS: dict[str, Selector] = {
    "largest group": largest_group,
    "functional majority": functional_majority,
    "dual agreement": dual_agreement,
    "claims by AUC": claims_by_auc,
}


def _votes(behaviours: np.ndarray) -> np.ndarray:
    """How many programs, itself among them, print on an input what a program prints; 0 where it crashes."""
    same = (behaviours[:, None, :] == behaviours[None, :, :]) & (behaviours[:, None, :] != CRASHED)
    return same.sum(axis=1)


def _group_sizes(behaviours: np.ndarray) -> np.ndarray:
    return (behaviours[:, None, :] == behaviours[None, :, :]).all(axis=2).sum(axis=1)
