"""A run on disk: its configuration and one JSON line a rollout, appended as it ends.

A run that was killed goes on where it stopped; a run under another configuration is refused.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from eval.rollout import Rollout
from eval.rules import Rules
from eval.traces import write_trace
from program.account import RUN_BUDGET


class RunError(ValueError):
    """The folder cannot be used for this run; one line that says why."""


class RunFolder:
    """The files of one run.

    Args:
        path: the folder, made when it is missing.
        config: what decides the results, JSON values only.

    Raises:
        RunError: the folder holds a run with another configuration.
    """

    def __init__(self, path: Path, config: dict[str, Any]) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise RunError(f"{path} cannot be made a folder: {fault.strerror}") from fault
        config = json.loads(json.dumps(config))
        if (path / "config.json").is_file():
            _refuse_difference(path, read_config(path), config)
        else:
            half = path / "config.json.tmp"
            half.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n")
            half.rename(path / "config.json")
        drop_torn_line(path / "rollouts.jsonl")

    def append(self, rollout: Rollout, *, trace: bool = True) -> None:
        """Store one rollout for good, its trace first: it is on disk when this returns.

        Args:
            rollout: with all texts in its account.
            trace: False where the account has no texts, so that there is no trace to keep.
        """
        if trace:
            write_trace(self.path, rollout)
        # Models write half surrogate pairs too, which are no text that can be stored.
        line = (json.dumps(rollout.slim(), ensure_ascii=False) + "\n").encode("utf-8", "replace")
        with self._lock, (self.path / "rollouts.jsonl").open("ab") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def judged(self) -> dict[tuple[str, str, int], Rollout]:
        """The rollouts that need not be run again: neither lost nor cut short by the budget of the run."""
        return {rollout.key(): rollout for rollout in read_rollouts(self.path) if _is_whole(rollout)}


def read_config(path: Path) -> dict[str, Any]:
    """The configuration of a stored run.

    Raises:
        RunError: there is no run, or its configuration is damaged.
    """
    if not (path / "config.json").is_file():
        raise RunError(f"{path} is not a run: it has no config.json")
    try:
        return json.loads((path / "config.json").read_text())
    except ValueError as fault:
        raise RunError(f"{path / 'config.json'} is damaged: {fault}") from fault


def read_rollouts(path: Path) -> list[Rollout]:
    """The stored rollouts; of a rollout that was run again the last."""
    file = path / "rollouts.jsonl"
    if not file.is_file():
        return []
    rollouts = (Rollout.model_validate_json(line) for line in file.read_text().split("\n") if line)
    return list({rollout.key(): rollout for rollout in rollouts}.values())


def _is_whole(rollout: Rollout) -> bool:
    return rollout.status != "not judged" and not any(mark.startswith(RUN_BUDGET) for mark in rollout.account.marks)


def _refuse_difference(path: Path, stored: dict[str, Any], config: dict[str, Any]) -> None:
    default = Rules().model_dump()  # of runs from before the rules were recorded
    stored, config = {**default, **stored}, {**default, **config}
    for key in sorted({*stored, *config}):
        if stored.get(key) != config.get(key):
            raise RunError(
                f"{path} holds a run with another configuration: {key} is {stored.get(key)!r} there and "
                f"{config.get(key)!r} now; choose another folder"
            )


def drop_torn_line(file: Path) -> None:
    """A kill in mid-write leaves half a line at the end; the rollout it belonged to is run again."""
    if not file.is_file():
        return
    content = file.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with file.open("r+b") as opened:
            opened.truncate(whole)
