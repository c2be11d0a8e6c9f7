"""Choices among programs that pass the public tests, and a table that compares ways of choosing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from benchmarks.choosing.selectors import SELECTORS, chosen
from eval.numbers.intervals import mean_share
from eval.numbers.paired import differences
from eval.tables.markdown import p_value, percent, points, table

ORACLE, TODAY, FIRST, RANDOM = "any that is right", "today's choice", "the first", "any at random"


@dataclass(frozen=True)
class Case:
    """The candidate programs of one problem.

    right: whether each passes the hidden tests, in sampling order.
    behaviours: their behaviours by kind of input; see `program.bench.behaviours`.
    today: whether the current choice is right.
    """

    problem: str
    right: np.ndarray
    behaviours: Mapping[str, np.ndarray]
    today: bool

    @property
    def contested(self) -> bool:
        """Whether some of them are right and some wrong."""
        return bool(self.right.any() and not self.right.all())

    def differ(self, kind: str) -> bool:
        """Whether some right and some wrong program behave differently on an input of this kind."""
        matrix = self.behaviours[kind]
        return bool((matrix[self.right][:, None] != matrix[~self.right][None]).any())

    def solved(self) -> dict[str, float]:
        """The probability that each way of choosing takes a right program."""
        found = {ORACLE: float(self.right.any()), TODAY: float(self.today)}
        found |= {FIRST: float(self.right[0]), RANDOM: float(self.right.mean())}
        for kind, matrix in self.behaviours.items():
            found |= {f"{name}, {kind}": float(self.right[chosen(score(matrix))]) for name, score in SELECTORS.items()}
        return found


def choosing_table(cases: Iterable[Case]) -> str:
    """A Markdown table: the solved rate of each way of choosing, its regret against the oracle, and its difference to
    today's choice; the differences are one family of comparisons. Cases of one problem are averaged first."""
    by_problem: dict[str, list[dict[str, float]]] = defaultdict(list)
    for case in cases:
        by_problem[case.problem].append(case.solved())
    problems = list(by_problem.values())
    ways = list(problems[0][0])
    shares = {way: [fmean(each[way] for each in own) for own in problems] for way in ways}
    others = [way for way in ways if way not in (ORACLE, TODAY)]
    against = dict(zip(others, differences([(shares[TODAY], shares[way]) for way in others]), strict=True))
    rows = []
    for way, solved in shares.items():
        regret = mean_share([best - one for best, one in zip(shares[ORACLE], solved, strict=True)])
        found = against.get(way)
        said = [points(found.estimate), p_value(found.corrected)] if found else ["", ""]
        rows.append([way, percent(mean_share(solved)), percent(regret), *said])
    return table(["chosen", "right (95 % CI)", "regret (95 % CI)", f"against {TODAY} (95 % CI)", "p"], rows)
