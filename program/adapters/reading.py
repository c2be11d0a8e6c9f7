"""What an adapter has read out of an answer, and whether that took tolerance.

DSPy hands a stage the field values alone, so adapters note their readings where the stage can collect them.
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
    repairs: what had to be overlooked or mended, in words; empty where the answer has the form that was asked for.
    dropped: list items that fit no declared type or only repeat the form.
    programs: of a program every reading of the answer, the more plausible first; the first is that in `values`.
    thought: what the model thought before it answered, where the text holds that; nothing of it is in `values`.
    cut: whether the answer ends inside of what was read, so that some of it is missing.
    """

    values: dict[str, Any]
    repairs: tuple[str, ...] = ()
    dropped: int = 0
    programs: tuple[FoundProgram, ...] = ()
    thought: str = ""
    cut: bool = False

    @property
    def salvaged(self) -> bool:
        """Whether the answer could be read with tolerance only."""
        return bool(self.repairs) or self.dropped > 0


@contextmanager
def collected_readings() -> Iterator[list[Reading]]:
    """The readings of the answers that are parsed inside of the block, in this thread or task."""
    readings: list[Reading] = []
    with within(readings=readings):
        yield readings


def note(reading: Reading) -> dict[str, Any]:
    """Hand `reading` to whoever collects, and return its values."""
    readings = context().readings
    if readings is not None:
        readings.append(reading)
    return reading.values
