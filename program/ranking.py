"""Small decisions over what the planning stages answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from signatures.fields import Solution

Item = TypeVar("Item", str, Solution)


def without_repeats(items: Sequence[Item]) -> list[Item]:
    """The items in order, each once: small models repeat themselves, and every repeat would be paid for again."""
    seen: dict[str, Item] = {}
    for item in items:
        seen.setdefault(_key(item), item)
    return list(seen.values())


def in_order(solutions: Sequence[Solution], ranking: Sequence[str]) -> list[Solution]:
    """The solutions in the order of the names in `ranking`; those it leaves out come last, in their own order."""
    position = {_plain(name): place for place, name in reversed(list(enumerate(ranking)))}
    return sorted(solutions, key=lambda solution: position.get(_plain(solution.name), len(ranking)))


def _key(item: str | Solution) -> str:
    return _plain(item if isinstance(item, str) else item.name + item.content)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
