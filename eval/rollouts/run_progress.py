"""The progress of a run: rollouts done, solved share so far, cost so far, and current activity."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import get_args

from eval.rollouts.rollout import Rollout
from eval.rollouts.score import Status
from program.cli.progress_line import ProgressLine, clock, count
from program.rollout.trace import Totals


class RunProgress:
    """Counts the rollouts of a run and shows its progress in one line.

    Args:
        label: at the beginning of the line.
        total: rollouts of the whole run.
        stored: rollouts from earlier sessions; they count, but not for the speed.
        now: describes what the running rollouts do; empty if there is none.
    """

    def __init__(
        self, label: str, total: int, stored: Sequence[Rollout] = (), now: Callable[[], str] = lambda: ""
    ) -> None:
        self._label, self._total, self._now = label, total, now
        # Read by another thread, so all keys must exist from the start.
        self._states = Counter(dict.fromkeys(get_args(Status), 0))
        self._spent = Totals()
        self._counted: dict[tuple[str, str, int], Status] = {}
        for rollout in stored:
            self.add(rollout)
        self._stored, self._begin = len(stored), time.monotonic()
        self._shown = ProgressLine(self.line)

    def __enter__(self) -> RunProgress:
        self._shown.__enter__()
        return self

    def __exit__(self, *ended: object) -> None:
        self._now = lambda: ""
        self._shown.__exit__(None, None, None)

    def add(self, rollout: Rollout) -> None:
        """Count a rollout that has ended, or count it again with its new status."""
        before = self._counted.get(rollout.key())
        self._counted[rollout.key()] = rollout.status
        self._states[rollout.status] += 1
        if before:
            self._states[before] -= 1
        else:
            self._spent += rollout.totals

    def line(self) -> str:
        """The full progress line."""
        done = self._states.total()
        passed = time.monotonic() - self._begin
        times = clock(passed)
        if self._stored < done < self._total:
            times += f", about {clock(passed / (done - self._stored) * (self._total - done))} left"
        now = self._now()
        return " | ".join(filter(None, [f"{self._label} {done}/{self._total}", times, self.status(not now), now]))

    def status(self, tokens_too: bool = True) -> str:
        """The solved share of judged rollouts, the number not judged, and the dollars and tokens spent."""
        solved, lost = self._states["solved"], self._states["not judged"]
        judged = solved + self._states["failed"]
        parts = [f"solved {solved}/{judged} ({solved / judged:.0%})" if judged else "solved –"]
        if lost:
            parts.append(f"{lost} not judged")
        tokens = self._spent.tokens
        if tokens_too:
            parts.append(f"{'–' if tokens is None else count(tokens)} tokens")
        if self._spent.dollars:
            parts.append(f"${self._spent.dollars:.2f}")
        return ", ".join(parts)
