"""One conversation: the prompt of each stage is the conversation so far plus one more turn, so that a prefix cache
covers everything but that turn.

Turns form a tree with the problem at its root. Concurrent and repeated attempts branch from the same point. A fix
continues from the point where its program was written, so failed attempts stay in their own branches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Said = dict[str, Any]  # a message, with its role and its content
PROGRAM = "code"  # the name of the latest program, whatever the name of its field


@dataclass(frozen=True)
class SoFar:
    """The turns from the problem up to one point.

    messages: the messages of all turns, in order; empty at the start.
    known: the latest value of every input or output field in them.
    """

    messages: tuple[Said, ...] = ()
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Conversation:
    """The position of one branch.

    so_far: its turns.
    written: the point where each program was written.
    """

    so_far: SoFar = SoFar()
    written: dict[str, SoFar] = field(default_factory=dict)

    def add(self, prompt: Sequence[Said], answer: str, values: Mapping[str, Any], program: str) -> None:
        """Continue after an answer.

        Args:
            prompt: the messages of the request.
            answer: the model's answer, without its thought.
            values: the values of the input and output fields; later prompts need not repeat them.
            program: the program in the answer; empty if there is none, or if the answer does not show which it is.
        """
        self.so_far = SoFar((*prompt, {"role": "assistant", "content": answer}), {**self.so_far.known, **values})
        if program:
            self.written.setdefault(program, self.so_far)

    def branch(self) -> Conversation:
        """A new branch from the same point, for a separate thread."""
        return Conversation(self.so_far, dict(self.written))

    def take_up(self, branch: Conversation) -> None:
        """Adopt the points where the programs of an ended branch were written."""
        for program, so_far in branch.written.items():
            self.written.setdefault(program, so_far)
