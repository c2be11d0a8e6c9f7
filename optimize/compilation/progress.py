"""The progress line of a compilation: phase, best score so far with its interval, spent and remaining budget."""

from __future__ import annotations

import time
from typing import TextIO

from optimize.job.candidates import Candidate, Candidates
from program.cli.output import counted
from program.cli.progress_line import ProgressLine, clock
from program.paid.paid_calls import PaidCalls
from program.rollout.trace import Totals


class CompileProgress:
    """Counts program runs. The line also changes with every paid answer, because proposals may take minutes without
    program runs.

    Args:
        optimizer: its name.
        paid: knows what is spent.
        stream: where the line goes (default: the current standard error, which is redirected while DSPy runs).
    """

    def __init__(self, optimizer: str, paid: PaidCalls, stream: TextIO | None = None) -> None:
        self._optimizer, self._paid = optimizer, paid
        self._candidates: Candidates | None = None
        self._begin = time.monotonic()
        self._said = self.status()
        self._shown = ProgressLine(self.line, stream)
        self._shown.__enter__()
        paid.listen(self.refresh)

    def update(self, candidates: Candidates) -> None:
        """A run of one of the candidates has ended."""
        self._candidates = candidates
        self.refresh()

    def refresh(self) -> None:
        """Update the status; call it in the thread of the change, because candidates must not change meanwhile."""
        self._said = self.status()

    def line(self) -> str:
        """The full progress line."""
        return f"{self._optimizer}: {self._said} | {clock(time.monotonic() - self._begin)}"

    def status(self) -> str:
        """The status and the phase."""
        said = totals_line(self._paid.ledger.spent)
        if self._candidates:  # runs by DSPy; other runs have a line of their own
            said = f"{counted(self._candidates.runs(), 'program run')}, {describe(self._candidates, self._paid)}"
        return f"{said} ({self._paid.now})"

    def close(self) -> None:
        self.refresh()
        self._shown.__exit__(None, None, None)


def describe(candidates: Candidates, paid: PaidCalls, chosen: Candidate | None = None) -> str:
    """The score with its interval of the chosen candidate, or else of the best one, if there is one; the total spent;
    the rest of the caps."""
    scored = chosen if chosen and chosen.means(candidates.deciding) else None
    said = []
    if best := scored or candidates.best():
        low, high = best.interval(candidates.deciding)
        name = "chosen" if scored else "best"
        said.append(f"{name} {best.score(candidates.deciding):.1%} ({low:.0%}–{high:.0%})")
    said.append(f"spent {totals_line(paid.ledger.spent)}")
    if left := paid.left():
        said.append(f"left {left}")
    return "; ".join(said)


def totals_line(totals: Totals) -> str:
    """Calls, tokens and, if known, dollars."""
    tokens = f"{totals.prompt_tokens:,} + {totals.completion_tokens:,}" if totals.tokens_known else "–"
    said = f"{counted(totals.calls, 'call')}, {tokens} tokens"
    return said if totals.dollars is None or not totals.dollars else f"{said}, ${totals.dollars:.4f}"
