"""Problems grouped by difficulty, tag, rating or contest (from the dataset), or by how many answers are right.

Contest ids of Codeforces grow with time. A solved rate that falls from the earlier half of the contests to the later
one can mean that the model has seen the older problems.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Literal

from eval.data.layouts.code_contests import DIFFICULTIES
from eval.data.problem_set import Facts

By = Literal["difficulty", "tag", "rating", "contest", "answers"]
UNKNOWN = "unknown"
RATING_STEP = 400


def groups(facts: Mapping[str, Facts], by: By) -> dict[str, list[str]]:
    """Group to the names of its problems, in reading order. A problem may have several tags.

    Args:
        facts: by problem name.
        by: for contests, the earlier and the later half follow; for answers, all problems follow, and then the problems
            without "several, one stored", if they differ.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for name, each in facts.items():
        for group in _groups_of(each, by):
            found[group].append(name)
    order = sorted(found, key=lambda group: (group == UNKNOWN, _rank(group, by, len(found[group])), group))
    whole = {"contest": _halves, "answers": _with_and_without}
    return {group: found[group] for group in order} | (whole[by](facts) if by in whole else {})


def _groups_of(facts: Facts, by: By) -> list[str]:
    match by:
        case "difficulty":
            return [facts.difficulty if facts.difficulty not in ("", "UNKNOWN_DIFFICULTY") else UNKNOWN]
        case "tag":
            return sorted({tag for tag in facts.tags if tag}) or [UNKNOWN]
        case "rating":
            low = facts.rating // RATING_STEP * RATING_STEP
            return [f"{low}–{low + RATING_STEP - 1}" if facts.rating else UNKNOWN]
        case "contest":
            return [str(facts.contest) if facts.contest else UNKNOWN]
        case "answers":
            return [facts.answers]


def _rank(group: str, by: By, problems: int) -> int:
    if group == UNKNOWN:
        return 0
    match by:
        case "difficulty":
            return DIFFICULTIES.index(group) if group in DIFFICULTIES else len(DIFFICULTIES)
        case "tag" | "answers":
            return -problems
        case "rating" | "contest":
            return int(group.partition("–")[0])


def _with_and_without(facts: Mapping[str, Facts]) -> dict[str, list[str]]:
    """All problems, and those without "several, one stored", where a comparison with the one stored answer may reject
    right programs."""
    sure = [name for name, each in facts.items() if each.answers != "several, one stored"]
    return {"all": list(facts), "without several, one stored": sure} if len(sure) < len(facts) else {}


def _halves(facts: Mapping[str, Facts]) -> dict[str, list[str]]:
    contests = sorted({each.contest for each in facts.values() if each.contest})
    if len(contests) < 2:
        return {}
    first_late = contests[len(contests) // 2]
    early = [name for name, each in facts.items() if each.contest and each.contest < first_late]
    late = [name for name, each in facts.items() if each.contest and each.contest >= first_late]
    return {f"before {first_late}": early, f"from {first_late} on": late}
