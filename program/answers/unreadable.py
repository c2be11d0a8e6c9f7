"""Why nothing can be read out of an answer."""

from __future__ import annotations

from typing import Literal

Unread = Literal["cut while thinking", "cut", "empty", "refused", "not Python", "no program", "no JSON", "does not fit"]


class NoAnswer(ValueError):
    """Nothing can be read out of an answer.

    Attributes:
        kind: what is the matter with it, for whoever decides what to ask next and for counting.
        language: what a program is written in that is not Python; empty elsewhere.
    """

    def __init__(self, kind: Unread, said: str = "", language: str = "") -> None:
        super().__init__(said or kind)
        self.kind: Unread = kind
        self.language = language
