"""The result of parsing an answer, and whether that needed tolerance.

DSPy passes only the field values to a stage. So adapters also record their readings, and stages collect them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from program.answers.programs import FoundProgram
from program.rollout.context import context, within


@dataclass(frozen=True)
class Reading:
    """The output fields of an answer.

    values: by field name, each of its declared type.
    repairs: descriptions of what was ignored or repaired; empty if the answer has the requested form.
    dropped: the number of list items that fit no declared type or only repeat the form.
    programs: all readings of the program, the most plausible first; the first one is in `values`.
    thought: the model's reasoning before the answer, if the text contains it; it is not in `values`.
    cut: whether the answer ends inside the part that was read, so that something is missing.
    """

    values: dict[str, Any]
    repairs: tuple[str, ...] = ()
    dropped: int = 0
    programs: tuple[FoundProgram, ...] = ()
    thought: str = ""
    cut: bool = False

    @property
    def salvaged(self) -> bool:
        """Whether the answer could only be read with tolerance."""
        return bool(self.repairs) or self.dropped > 0


@contextmanager
def collected_readings() -> Iterator[list[Reading]]:
    """Collect the readings of all answers that are parsed inside the block, in this thread or task."""
    readings: list[Reading] = []
    with within(readings=readings):
        yield readings


def note(reading: Reading) -> dict[str, Any]:
    """Add `reading` to the collected readings, and return its values."""
    readings = context().readings
    if readings is not None:
        readings.append(reading)
    return reading.values
