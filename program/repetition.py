"""Whether an answer ran in circles: small models repeat themselves until the token cap cuts them off."""

from __future__ import annotations

TAIL_CHARACTERS = 600
LONGEST_UNIT = 150
REPEATS = 4


def runs_in_circles(answer: str) -> bool:
    """Whether the end of `answer` is one piece of text over and over, at least `REPEATS` times.

    Pieces of white space or of one character, such as a long rule, do not count unless they fill the whole tail.
    """
    tail = answer[-TAIL_CHARACTERS:]
    for length in range(1, min(LONGEST_UNIT, len(tail) // REPEATS) + 1):
        unit = tail[-length:]
        needed = REPEATS if unit.strip() and len(set(unit)) > 1 else len(tail) // length
        if tail.endswith(unit * max(REPEATS, needed)):
            return True
    return False
