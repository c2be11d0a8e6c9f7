"""Colours for terminals: on a terminal only, and not where the user has set NO_COLOR (no-color.org)."""

from __future__ import annotations

import os
from typing import Literal, TextIO

Colour = Literal["bold", "faint", "good", "bad"]
# Blue and yellow rather than green and red, which many cannot tell apart.
_CODES: dict[Colour, str] = {"bold": "1", "faint": "2", "good": "34;1", "bad": "33"}


class Painter:
    """Paints texts, or leaves them as they are where the stream is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._on = stream.isatty() and not os.environ.get("NO_COLOR")

    def __call__(self, text: str, colour: Colour) -> str:
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self._on and text else text


def harmless(text: str) -> str:
    """`text` without control characters: a model's answer must not be able to move the cursor or set the title."""
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)
