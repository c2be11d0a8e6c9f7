"""The progress bar of a run: how far it is, the share solved so far, and what was spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tqdm import tqdm

from eval.rollouts.rollout import Rollout
from program.rollout.trace import Totals


class RunProgress:
    """A bar over the rollouts of a run.

    Args:
        label: before the bar.
        total: rollouts of the whole run.
        stored: those of them that were there before; they count, but not for the speed.
    """

    def __init__(self, label: str, total: int, stored: Sequence[Rollout] = ()) -> None:
        self._states: Counter[str] = Counter()
        self._spent = Totals()
        for rollout in stored:
            self._count(rollout)
        self._bar = tqdm(total=total, initial=len(stored), desc=label, unit="rollout", mininterval=2)

    def __enter__(self) -> RunProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def add(self, rollout: Rollout) -> None:
        """Count a rollout that has ended."""
        self._count(rollout)
        self._bar.set_postfix_str(self.status(), refresh=False)
        self._bar.update()

    def status(self) -> str:
        """The share solved of what was judged, rollouts that were not judged, and the money or tokens spent."""
        solved, lost = self._states["solved"], self._states["not judged"]
        judged = solved + self._states["failed"]
        parts = [f"solved {solved}/{judged} ({solved / judged:.0%})" if judged else "solved 0/0"]
        if lost:
            parts.append(f"{lost} not judged")
        tokens = self._spent.tokens
        parts.append(f"{'–' if tokens is None else tqdm.format_sizeof(tokens)} tokens")
        if self._spent.dollars is not None:
            parts.append(f"${self._spent.dollars:.2f}")
        return ", ".join(parts)

    def _count(self, rollout: Rollout) -> None:
        self._states[rollout.status] += 1
        self._spent += rollout.totals
