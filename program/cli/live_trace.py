"""Prints a rollout in the terminal: each event when it has ended."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from program.rollout.trace import ORIGINS, Best, Call, Decided, Event, JudgeRun, NewProgram, Remark

WIDTH = 100


class LiveTrace:
    """Formats events as lines. It remembers the last program, and shows the next one as a diff.

    Events are shown in the order in which they end, with that time. Calls also show when they started, because they may
    run at the same time.

    Args:
        full: with prompts and responses, and with full lines; otherwise lines are cut to `WIDTH`.
    """

    def __init__(self, full: bool = False) -> None:
        self._full = full
        self._code = ""
        self._now = 0.0

    def lines(self, event: Event) -> Iterator[str]:
        """The lines of one event."""
        # If two events end at the same time, the first may arrive last.
        self._now = max(self._now, event.started + getattr(event, "seconds", 0.0))
        when = f"{self._now:7.1f} s"
        match event:
            case Call():
                yield f"{when}  {event.stage}: {_outcome(event)}"
                yield from self._texts(event)
            case JudgeRun():
                yield f"{when}  run on {event.tests} tests: {' '.join(event.verdicts)}  (program {event.program})"
                if event.tests != "other":  # brute force and similar programs are not versions of the program
                    yield from self._difference(event.code)
            case Decided():
                yield f"{when}  → {event.decision}"
            case Remark():
                yield f"{when}  → {event.what}"
            case NewProgram():
                yield f"{when}  program {event.program}: {ORIGINS[event.origin]}"
            case Best():
                yield f"{when}  best so far: program {event.program}, after {event.calls} calls"

    def _texts(self, call: Call) -> Iterator[str]:
        if self._full:
            for message in call.prompt:
                yield from self._indented(f"[{message.role}]\n{message.content}")
            if call.thought:
                yield from self._indented(f"[thought]\n{call.thought}")
            yield from self._indented(f"[answer]\n{call.answer}")
            yield from self._indented(f"[read]\n{call.as_read}")
        if call.outcome != "ok":
            yield from self._indented(call.fault)

    def _difference(self, code: str) -> Iterator[str]:
        if code and code != self._code:
            changed = list(difflib.unified_diff(self._code.splitlines(), code.splitlines(), lineterm="", n=1))
            yield from self._indented("\n".join(changed[2:] if self._code else code.splitlines()))
            self._code = code

    def _indented(self, text: str) -> Iterator[str]:
        for line in text.splitlines():
            yield f"           | {line if self._full else line[:WIDTH]}"


def _outcome(call: Call) -> str:
    parts = [call.outcome, f"asked at {call.started:.1f} s", f"{call.prompt_tokens} + {call.completion_tokens} tokens"]
    if call.cached_tokens:
        parts.append(f"{call.cached_tokens} of the prompt cached")
    if call.retries:
        parts.append(f"{call.retries} retries")
    if call.attempt > 1:
        parts.append("asked again for a readable answer" if call.repair else "asked again")
    if call.read:
        parts.append(f"read with tolerance ({', '.join(call.read)})")
    if call.from_cache:
        parts.append("from the cache")
    return ", ".join(parts)
