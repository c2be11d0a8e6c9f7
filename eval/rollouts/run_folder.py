"""A run on disk: its configuration and one JSON line a rollout, appended as it ends.

A run that was killed goes on where it stopped; a run under another configuration is refused.
"""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eval.data.rules import rules_of
from eval.errors import RunError
from eval.rollouts.config_difference import config_differences
from eval.rollouts.json_lines import JsonLines, whole_lines, write_whole
from eval.rollouts.rollout import Rollout
from eval.rollouts.trace_files import write_trace
from program.errors import first_error
from program.input_files import InputError, read_json


class RunFolder:
    """The files of one run.

    Args:
        path: the folder, made when it is missing.
        config: what decides the results, JSON values only.

    Raises:
        RunError: the folder holds a run with another configuration, or another process is writing to it.
    """

    def __init__(self, path: Path, config: dict[str, Any]) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise RunError(f"{path} cannot be made a folder: {fault.strerror}") from fault
        config = json.loads(json.dumps(config))
        self._held = _hold(path)  # first: what is there until then, another process may still be writing
        if (path / "config.json").is_file():
            _refuse_difference(path, read_config(path), config)
        else:
            write_whole(path / "config.json", (json.dumps(config, indent=2, ensure_ascii=False) + "\n").encode())
        self._rollouts = JsonLines(path / "rollouts.jsonl")

    def append(self, rollout: Rollout, *, trace: bool = True) -> None:
        """Store one rollout for good, its trace first: it is on disk when this returns.

        Args:
            rollout: with all texts in its trace.
            trace: False where the trace has no texts, so that there is no trace to keep.
        """
        if trace:
            write_trace(self.path, rollout)
        self._rollouts.append(rollout.slim())

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
        config = read_json(path / "config.json")
    except InputError as fault:
        raise RunError(f"{path / 'config.json'} is damaged: {fault}") from fault
    if not isinstance(config, dict):
        raise RunError(f"{path / 'config.json'} is damaged: it holds no object")
    return config


def read_rollouts(path: Path) -> list[Rollout]:
    """The stored rollouts; of a rollout that was run again the last.

    Raises:
        RunError: a line is damaged; only the last one may be torn.
    """
    file = path / "rollouts.jsonl"
    found: dict[tuple[str, str, int], Rollout] = {}
    for number, line in enumerate(whole_lines(file), 1):
        try:
            rollout = Rollout.model_validate_json(line)
        except ValidationError as fault:
            raise RunError(f"{file}, line {number} is damaged: {first_error(fault)}") from fault
        found[rollout.key()] = rollout
    return list(found.values())


def _is_whole(rollout: Rollout) -> bool:
    return rollout.status != "not judged" and not rollout.trace.cut_short_by_run


def _refuse_difference(path: Path, stored: dict[str, Any], config: dict[str, Any]) -> None:
    found = config_differences(*({**rules_of(each).model_dump(), **each} for each in (stored, config)))
    if found:
        raise RunError(f"{path} holds a run with another configuration: {'; '.join(found)}; choose another folder")


def _hold(path: Path) -> Any:
    """Keep other processes from writing to the run until this one ends: two would run the same rollouts."""
    file = (path / "lock").open("w")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        file.close()
        raise RunError(f"{path} is being written to by another process; wait for it or choose another") from fault
    return file
