"""The results of a report's comparisons, in one or two sentences for its head."""

from __future__ import annotations

from collections.abc import Mapping

from eval.numbers.paired import Difference, Paired
from eval.tables.markdown import p_text, signed

AHEAD, BEHIND = "more", "fewer"


def findings(first: str, against: Mapping[str, Paired]) -> list[str]:
    """The sentences: one on problems solved, and one on hidden tests passed if any difference in them is shown.

    Args:
        first: the name of the first arm.
        against: the comparisons with it, by the name of the other arm.
    """
    if not against:
        return []
    solved = _shown({name: each.solved for name, each in against.items()})
    hidden = _shown({name: each.hidden for name, each in against.items()})
    said = [f"Shown to solve {way} problems than {first}: {names}." for way, names in solved.items()]
    if not said:
        who = next(iter(against)) if len(against) == 1 else "any program"
        said = [f"It is not shown that {who} solves more or fewer problems than {first}.{_power(against)}"]
    said += [f"Shown to pass {way} hidden tests than {first}: {names}." for way, names in hidden.items()]
    return said


def _shown(found: Mapping[str, Difference]) -> dict[str, str]:
    """The arms with a shown difference and its size, by direction."""
    ways: dict[str, list[str]] = {}
    for name, each in found.items():
        if each.shown:
            value = f"{signed(each.estimate)} points, {p_text(each.corrected)}"
            ways.setdefault(AHEAD if each.estimate.value > 0 else BEHIND, []).append(f"{name} ({value})")
    return {way: ", ".join(names) for way, names in sorted(ways.items(), reverse=True)}


def _power(against: Mapping[str, Paired]) -> str:
    known = [round(100 * each.power) for each in against.values() if each.power is not None]
    if not known:
        return ""
    times = f"{min(known)} to {max(known)}" if min(known) < max(known) else f"{known[0]}"
    return f" At this size a true difference of 10 points would be shown {times} times in 100."
