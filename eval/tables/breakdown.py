"""What was solved in each group of problems, arm by arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eval.numbers.criteria import shares
from eval.numbers.intervals import mean_share
from eval.numbers.paired import pair
from eval.tables.markdown import NONE, percent, points, table


def by_group(done: Mapping[str, Mapping[str, Sequence[bool]]], groups: Mapping[str, Sequence[str]], title: str) -> str:
    """A Markdown table: a row a group, with the solved share of each arm and its difference to the first.

    Args:
        done: arm to problem to whether each judged sample solved it.
        groups: group to the names of its problems.
        title: what the groups are.
    """
    first, *others = done
    head = [title, "problems", *done, *(f"{other} against {first}" for other in others)]
    rows = []
    for group, names in groups.items():
        inside = {arm: {name: each[name] for name in names if name in each} for arm, each in done.items()}
        judged = len(set().union(*inside.values()))
        solved = [percent(mean_share(list(shares(each).values()))) for each in inside.values()]
        pairs = [pair(inside[first], inside[other]) for other in others]
        rows.append([group, str(judged), *solved, *(points(each.difference) if each else NONE for each in pairs)])
    note = "Groups are small and many: an interval that leaves out 0 shows nothing by itself here."
    return f"{table(head, rows)}\n\n{note}"
