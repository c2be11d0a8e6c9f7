"""Detects outages: a run should stop if its rollouts fail alike in a row."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from eval.rollouts.rollout import REFUSED, TOO_LONG, Rollout
from program.cli.answer_faults import answer_faults
from program.stage.program import Program

ALIKE = 5  # rollouts that fail alike in a row before a run stops
EMPTY = "EmptyAnswers"
HELP = {
    TOO_LONG: "prompts and answers are too long for the context of the model: raise it where it is served, or lower "
    "max_code_tokens and max_text_tokens"
}


class Outages:
    """Checks rollouts when they end, from many threads.

    Before the first answer with text, a rollout with only empty answers is not judged, because the cause may be the
    model or its server. After the first answer with text such rollouts are failures of the model; see `released`.

    Args:
        known: the run's earlier rollouts.
    """

    def __init__(self, known: Iterable[Rollout]) -> None:
        self._lock = threading.Lock()
        self._answered = any(_is_answered(each) for each in known)
        self._undecided: list[Rollout] = []
        self._kind, self._count = "", 0

    def settle(self, rollout: Rollout, program: Program) -> None:
        """Register a judged rollout of `program` before it is stored. A rollout with only empty answers may become not
        judged."""
        with self._lock:
            self._answered = self._answered or _is_answered(rollout)
            if not self._answered and _is_empty(rollout):
                rollout.status, rollout.score = "not judged", None
                rollout.error = f"{EMPTY}: {answer_faults(rollout.trace.calls, program, tolerated=0)}"
                self._undecided.append(rollout)

    def released(self) -> list[Rollout]:
        """The rollouts with only empty answers that are now failures, because an answer with text came later; each
        once."""
        with self._lock:
            if not self._answered:
                return []
            undecided, self._undecided = self._undecided, []
            for rollout in undecided:
                rollout.error = ""
            return undecided

    def reason_to_stop(self, rollout: Rollout) -> str:
        """Why no further rollout should begin after this one; empty if there is no reason."""
        if rollout.hopeless:
            return rollout.error
        kind = rollout.error.partition(":")[0] if rollout.is_lost else ""
        if self._answered and kind in (*REFUSED, EMPTY):  # a fault of this problem only, because others were answered
            kind = ""
        self._count = self._count + 1 if kind and kind == self._kind else int(bool(kind))
        self._kind = kind
        if self._count < ALIKE:
            return ""
        more = f"; {HELP[kind]}" if kind in HELP else ""
        return f"{self._count} rollouts in a row failed alike: {rollout.error}{more}"


def _is_answered(rollout: Rollout) -> bool:
    """Whether any answer had text; for stored rollouts, whether any answer could be read."""
    return (
        bool(rollout.code) or not rollout.trace.is_silent or any(call.outcome == "ok" for call in rollout.trace.calls)
    )


def _is_empty(rollout: Rollout) -> bool:
    return rollout.status == "failed" and bool(rollout.trace.calls) and rollout.trace.is_silent
