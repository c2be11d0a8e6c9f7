"""One conversation: the prompt of every stage is what was said so far and a further turn, so that a prefix cache serves
all but that turn.

Turns form a tree that begins with the problem. What is tried side by side or again branches off the same point; a fix
goes on where its program was written, so failed attempts stay behind in branches of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Said = dict[str, Any]  # a message, with its role and its content
PROGRAM = "code"  # the name of the latest program, whatever the field that holds it is called


@dataclass(frozen=True)
class SoFar:
    """The turns from the problem up to one point.

    messages: of all of them, in order; empty at the beginning.
    known: the latest value of every field in them, given or answered.
    """

    messages: tuple[Said, ...] = ()
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Conversation:
    """Where one branch is.

    so_far: its turns.
    written: where each program was written.
    """

    so_far: SoFar = SoFar()
    written: dict[str, SoFar] = field(default_factory=dict)

    def add(self, prompt: Sequence[Said], answer: str, values: Mapping[str, Any], program: str) -> None:
        """Go on after an answer.

        Args:
            prompt: the messages that asked for it.
            answer: as the model gave it, without its thought.
            values: of the fields that were given and answered, of which the prompts to come need not repeat any.
            program: that was answered; empty where there is none, or the answer does not say which it is.
        """
        self.so_far = SoFar((*prompt, {"role": "assistant", "content": answer}), {**self.so_far.known, **values})
        if program:
            self.written.setdefault(program, self.so_far)

    def branch(self) -> Conversation:
        """Another that goes on from the same point, for a thread of its own."""
        return Conversation(self.so_far, dict(self.written))

    def take_up(self, branch: Conversation) -> None:
        """Know where the programs of an ended branch were written."""
        for program, so_far in branch.written.items():
            self.written.setdefault(program, so_far)
