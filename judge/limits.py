"""The limits of a run, from what the data says about a problem."""

from __future__ import annotations

from judge.verdict import Limits

# Problem limits are set with compiled languages in mind. Contest sites that correct for that give Python between two
# and five times as long; the data's own labels were made on other machines, with limits of their own.
PYTHON_TIME_FACTOR = 2.0
DEFAULT_SECONDS = 3.0  # of a problem that states none, before the factor
MIN_SECONDS, MAX_SECONDS = 2.0, 60.0  # after the factor
DEFAULT_MEMORY_BYTES = 256 * 2**20
MIN_MEMORY_BYTES = 64 * 2**20  # below that the interpreter itself would be what is measured


def limits_of(
    seconds: float | None = None, memory_bytes: int | None = None, factor: float = PYTHON_TIME_FACTOR
) -> Limits:
    """The limits of one run of a Python program.

    Args:
        seconds: the problem's time limit for one test, in seconds; None or 0 where it is not known.
        memory_bytes: the problem's memory limit; None or 0 where it is not known.
        factor: how many times the problem's limit a Python program gets.
    """
    allowed = (seconds or DEFAULT_SECONDS) * factor
    return Limits(
        seconds=min(max(allowed, MIN_SECONDS), MAX_SECONDS),
        memory_bytes=max(memory_bytes or DEFAULT_MEMORY_BYTES, MIN_MEMORY_BYTES),
    )
