"""One line that says where a compilation is: phase, best score so far with its interval, what is spent and left."""

from __future__ import annotations

import sys
from typing import TextIO

from tqdm import tqdm

from optimize.candidates import Candidates
from optimize.paid_answers import PaidAnswers
from program.account import Totals


class Progress:
    """A bar that counts program runs.

    Args:
        optimizer: its name.
        paid: says what is spent.
        stream: where the bar goes; taken now, as standard error is turned away while DSPy runs.
    """

    def __init__(self, optimizer: str, paid: PaidAnswers, stream: TextIO | None = None) -> None:
        self._paid = paid
        self._bar = tqdm(desc=optimizer, unit="run", mininterval=2, file=stream or sys.stderr)

    def update(self, candidates: Candidates) -> None:
        self._bar.set_postfix_str(describe(candidates, self._paid), refresh=False)
        self._bar.update()

    def close(self) -> None:
        self._bar.close()


def describe(candidates: Candidates, paid: PaidAnswers) -> str:
    """The best score with its interval, what was spent in all, what is left of the caps."""
    best = candidates.best()
    said = "no candidate is scored in full yet"
    if best is not None:
        low, high = best.interval(candidates.deciding)
        said = f"best {best.score(candidates.deciding):.1%} ({low:.0%}–{high:.0%})"
    left = paid.left()
    return f"{said}; spent {amount(paid.ledger.spent)}" + (f"; left {left}" if left else "")


def amount(totals: Totals) -> str:
    """Calls, tokens and, where known, dollars."""
    said = f"{totals.calls:,} calls, {totals.prompt_tokens:,} + {totals.completion_tokens:,} tokens"
    return said if totals.dollars is None or not totals.dollars else f"{said}, ${totals.dollars:.4f}"
