"""The solved rate in each group of problems, arm by arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.numbers.intervals import difference_estimate, mean_share
from eval.numbers.paired import on_common
from eval.tables.markdown import NONE, percent, points, table

Shares = Mapping[str, float]  # by problem


def by_group(solved: Mapping[str, Shares], groups: Mapping[str, Sequence[str]], title: str) -> str:
    """A Markdown table: one row per group, with the solved share of each arm and its difference to the first.

    Args:
        solved: arm to problem to the share of judged samples that solved it.
        groups: group to the names of its problems.
        title: the kind of groups.
    """
    first, *others = solved
    head = [title, "problems", *solved, *(f"{other} against {first}" for other in others)]
    rows = []
    for group, names in groups.items():
        inside = {arm: {name: each[name] for name in names if name in each} for arm, each in solved.items()}
        judged = len(set().union(*inside.values()))
        means = [percent(mean_share(list(each.values()))) for each in inside.values()]
        rows.append([group, str(judged), *means, *(_difference(inside[first], inside[other]) for other in others)])
    note = "Groups are small and many: no difference is tested here, and an interval without 0 is not evidence."
    return f"{table(head, rows)}\n\n{note}"


def _difference(first: Shares, second: Shares) -> str:
    names, pair = on_common(first, second)
    return points(difference_estimate(*pair)) if names else NONE
