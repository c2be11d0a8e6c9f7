"""The limits of a run, computed from the limits of the problem."""

from __future__ import annotations

from judge.verdict import Limits

# Problem limits assume compiled languages. Contest sites that correct for this give Python two to five times as long.
# The labels in the data were made on other machines, with other limits.
PYTHON_TIME_FACTOR = 2.0
DEFAULT_SECONDS = 3.0  # for a problem without a time limit, before the factor
MIN_SECONDS, MAX_SECONDS = 2.0, 60.0  # after the factor
DEFAULT_MEMORY_BYTES = 256 * 2**20
MIN_MEMORY_BYTES = 64 * 2**20  # below this, the interpreter itself would exceed the limit


def limits_of(
    seconds: float | None = None, memory_bytes: int | None = None, factor: float = PYTHON_TIME_FACTOR
) -> Limits:
    """The limits of one run of a Python program.

    Args:
        seconds: the problem's time limit for one test, in seconds; None or 0 if unknown.
        memory_bytes: the problem's memory limit; None or 0 if unknown.
        factor: the problem's time limit is multiplied by this for Python.
    """
    allowed = (seconds or DEFAULT_SECONDS) * factor
    return Limits(
        seconds=min(max(allowed, MIN_SECONDS), MAX_SECONDS),
        memory_bytes=max(memory_bytes or DEFAULT_MEMORY_BYTES, MIN_MEMORY_BYTES),
    )
