"""A rollout as a story: its events in trace order, its numbered programs, and the changes between them.

The report (`eval.report`) and the terminal (`eval.show`) show the same story.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain, repeat
from pathlib import Path

from eval.rollouts.rollout import Checkpoint, Rollout
from eval.rollouts.trace_files import read_trace
from program.rollout.trace import Best, Call, Event, JudgeRun, NewProgram, name_of


def lines_of(code: str) -> list[str]:
    """The lines of a program; a line feed at the end makes no difference."""
    return code.removesuffix("\n").split("\n")


@dataclass(frozen=True)
class Version:
    """A program of a rollout.

    number: from 1, in trace order.
    name: see `program.rollout.trace.name_of`.
    code: empty if texts were not stored.
    before: the code of the previous version; None for the first.
    """

    number: int
    name: str
    code: str
    before: str | None

    def changes(self) -> list[tuple[int, int, int, int]]:
        """Line ranges of `before` that became line ranges of `code`: (from, to, from, to), half open, from 0."""
        if self.before is None:
            return []
        matcher = SequenceMatcher(None, lines_of(self.before), lines_of(self.code), autojunk=False)
        return [(a, b, c, d) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]


@dataclass(frozen=True)
class Story:
    """The events of a rollout.

    whole: whether the events have their texts; the trace may not have been stored.
    """

    rollout: Rollout
    events: Sequence[Event]
    whole: bool

    def versions(self) -> dict[str, Version]:
        """The programs by name, in order of appearance, including the answer."""
        codes: dict[str, str] = {}
        for event in self.events:
            if isinstance(event, JudgeRun | Best | NewProgram):
                codes[event.program] = codes.get(event.program) or getattr(event, "code", "")
        if self.rollout.code:
            codes[name_of(self.rollout.code)] = self.rollout.code
        found: dict[str, Version] = {}
        before = None
        for number, (name, code) in enumerate(codes.items(), 1):
            found[name] = Version(number, name, code, before)
            before = code
        return found

    def answer(self) -> Version | None:
        """The program that the rollout returned; None if there was none."""
        return self.versions()[name_of(self.rollout.code)] if self.rollout.code else None

    def checkpoints(self) -> Iterator[Checkpoint | None]:
        """For each change of the best program, its result on hidden tests; None once programs were not judged."""
        return chain(self.rollout.checkpoints, repeat(None))

    def calls(self) -> list[Call]:
        return [event for event in self.events if isinstance(event, Call)]


def read_story(run: Path, rollout: Rollout) -> Story:
    """The story of a rollout in the folder `run`, with all stored texts."""
    events = read_trace(run, *rollout.key())
    return Story(rollout, events or rollout.trace.events, bool(events))
