"""One line that says where a compilation is: phase, best score so far with its interval, what is spent and left."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

from tqdm import tqdm

from optimize.job.candidates import Candidates
from program.paid.paid_calls import PaidCalls
from program.rollout.trace import Totals

REFRESH_SECONDS = 2.0


class CompileProgress:
    """A bar that counts program runs; its line is written anew when an answer was paid for, too, as proposals may take
    minutes in which no program runs.

    Args:
        optimizer: its name.
        paid: says what is spent.
        stream: where the bar goes; taken now, as standard error is turned away while DSPy runs.
    """

    def __init__(self, optimizer: str, paid: PaidCalls, stream: TextIO | None = None) -> None:
        self._paid = paid
        self._candidates: Candidates | None = None
        self._lock = threading.Lock()
        self._written = 0.0
        self._bar = tqdm(desc=optimizer, unit="run", mininterval=REFRESH_SECONDS, file=stream or sys.stderr)
        paid.listen(self.refresh)

    def update(self, candidates: Candidates) -> None:
        """Count a run."""
        self._candidates = candidates
        self._bar.update()
        self.refresh()

    def refresh(self) -> None:
        """Write the line anew, unless that was done a moment ago."""
        with self._lock:
            due = time.monotonic() - self._written >= REFRESH_SECONDS
            self._written = time.monotonic() if due else self._written
        if due:
            self._bar.set_postfix_str(self.status())

    def status(self) -> str:
        """The phase, and how it stands."""
        said = describe(self._candidates, self._paid) if self._candidates else totals_line(self._paid.ledger.spent)
        return f"{self._paid.now}: {said}"

    def close(self) -> None:
        self._bar.set_postfix_str(self.status(), refresh=False)
        self._bar.close()


def describe(candidates: Candidates, paid: PaidCalls) -> str:
    """The best score with its interval, where a candidate has one; what was spent in all; what is left of the caps."""
    best = candidates.best()
    said = []
    if best is not None:
        low, high = best.interval(candidates.deciding)
        said.append(f"best {best.score(candidates.deciding):.1%} ({low:.0%}–{high:.0%})")
    said.append(f"spent {totals_line(paid.ledger.spent)}")
    if left := paid.left():
        said.append(f"left {left}")
    return "; ".join(said)


def totals_line(totals: Totals) -> str:
    """Calls, tokens and, where known, dollars."""
    tokens = f"{totals.prompt_tokens:,} + {totals.completion_tokens:,}" if totals.tokens_known else "–"
    said = f"{totals.calls:,} calls, {tokens} tokens"
    return said if totals.dollars is None or not totals.dollars else f"{said}, ${totals.dollars:.4f}"
