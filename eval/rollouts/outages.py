"""When a run had better stop: its rollouts fail alike, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from eval.rollouts.rollout import Rollout
from program.cli.answer_faults import answer_faults
from program.stage.program import Program

ALIKE = 5  # rollouts that fail alike, one after the other, before a run stops
TOO_LONG = "ContextWindowExceededError"
EMPTY = "EmptyAnswers"
HELP = {
    TOO_LONG: "prompts and answers are too long for the context of the model: raise it where it is served, or lower "
    "max_code_tokens and max_text_tokens"
}


def is_too_long(rollout: Rollout) -> bool:
    """Whether it was not judged as its prompts are too long, which another try would not change."""
    return rollout.status == "not judged" and TOO_LONG in rollout.error


class Outages:
    """Looks at rollouts as they end, from many threads.

    Until anything was answered, a rollout whose answers were all empty is not judged: nobody knows whether the model or
    its server is at fault. With the first answer that has a text they become failures of the model, see `released`.

    Args:
        known: the rollouts of the run that have ended before.
    """

    def __init__(self, known: Iterable[Rollout]) -> None:
        self._lock = threading.Lock()
        self._answered = any(_is_answered(each) for each in known)
        self._held: list[Rollout] = []
        self._kind, self._count = "", 0

    def settle(self, rollout: Rollout, program: Program) -> None:
        """Take up a rollout of `program` that was judged and is not stored yet; one of empty answers may become not
        judged."""
        with self._lock:
            self._answered = self._answered or _is_answered(rollout)
            if not self._answered and _is_empty(rollout):
                rollout.status, rollout.score = "not judged", None
                rollout.error = f"{EMPTY}: {answer_faults(rollout.trace.calls, program, tolerated=0)}"
                self._held.append(rollout)

    def released(self) -> list[Rollout]:
        """The rollouts of empty answers that are failures, as something was answered since; each is given once."""
        with self._lock:
            if not self._answered:
                return []
            held, self._held = self._held, []
            for rollout in held:
                rollout.error = ""
            return held

    def reason_to_stop(self, rollout: Rollout) -> str:
        """Why no rollout should be begun after this one, which has ended; empty where there is no reason."""
        if rollout.hopeless:
            return rollout.error
        kind = "" if rollout.status != "not judged" else rollout.error.partition(":")[0]
        if self._answered and kind in (TOO_LONG, EMPTY):  # the problem's own, as others can be asked
            kind = ""
        self._count = self._count + 1 if kind and kind == self._kind else int(bool(kind))
        self._kind = kind
        if self._count < ALIKE:
            return ""
        more = f"; {HELP[kind]}" if kind in HELP else ""
        return f"{self._count} rollouts failed alike, one after the other: {rollout.error}{more}"


def _is_answered(rollout: Rollout) -> bool:
    """Whether any answer had a text; of stored rollouts, whether any could be read."""
    return (
        bool(rollout.code) or not rollout.trace.is_silent or any(call.outcome == "ok" for call in rollout.trace.calls)
    )


def _is_empty(rollout: Rollout) -> bool:
    return rollout.status == "failed" and bool(rollout.trace.calls) and rollout.trace.is_silent
