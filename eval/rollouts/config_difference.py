"""The differences of two configurations of a run, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SHOWN = 3  # list members named in a message


def config_differences(stored: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """One phrase for each key with different values, such as `settings.solutions is 2 there and 3 now`.

    Args:
        stored, now: JSON values; a missing key equals None.
    """
    return list(_differences("", stored, now))


def _differences(above: str, stored: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*stored, *now}):
        there, here = stored.get(key), now.get(key)
        if there == here:
            continue
        if isinstance(there, dict) and isinstance(here, dict):
            yield from _differences(f"{above}{key}.", there, here)
        elif isinstance(there, list) and isinstance(here, list):
            yield f"{above}{key} has {len(there)} there and {len(here)} now{_members(there, here)}"
        else:
            yield f"{above}{key} is {_value(there)} there and {_value(here)} now"


def _members(there: list[Any], here: list[Any]) -> str:
    sides = {
        "only there": [each for each in there if each not in here],
        "only now": [each for each in here if each not in there],
    }
    said = [f"{side}: {_some(members)}" for side, members in sides.items() if members]
    return f" ({'; '.join(said)})" if said else " (in another order)"


def _some(members: list[Any]) -> str:
    return ", ".join(map(repr, members[:SHOWN])) + (", …" if len(members) > SHOWN else "")


def _value(value: Any) -> str:
    return "not set" if value is None else repr(value)
