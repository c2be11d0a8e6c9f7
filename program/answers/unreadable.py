"""The reasons why nothing can be read from an answer."""

from __future__ import annotations

from typing import Literal

Unread = Literal["cut while thinking", "cut", "empty", "refused", "not Python", "no program", "no JSON", "does not fit"]


class NoAnswer(ValueError):
    """Nothing can be read from an answer.

    Attributes:
        kind: the reason; it decides the next request, and is counted.
        language: the language of a program that is not Python; else empty.
    """

    def __init__(self, kind: Unread, said: str = "", language: str = "") -> None:
        super().__init__(said or kind)
        self.kind: Unread = kind
        self.language = language
