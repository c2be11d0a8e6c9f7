"""A run on disk: its configuration and one JSON line a rollout, appended as it ends.

A run that was killed goes on where it stopped; a run under another configuration is refused.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from eval.data.rules import rules_of
from eval.errors import RunError
from eval.rollouts.code_version import changed_files, name_of_version
from eval.rollouts.config_difference import config_differences
from eval.rollouts.json_lines import JsonLines, whole_lines
from eval.rollouts.rollout import Rollout
from eval.rollouts.trace_files import write_trace
from program.errors import first_error, folder_meant
from program.files import ASIDE, hold, write_whole
from program.input_files import InputError, read_json

CODE = "code_versions"  # the key of the configuration that says what code has made rollouts, by name
_FIRST = {"lock", f"config.json{ASIDE}"}  # what a run that was killed at its beginning may have left


class RunFolder:
    """The files of one run.

    Args:
        path: the folder, made when it is missing.
        config: what decides the results, JSON values only.
        code: what `code_prints` gives, where rollouts are made; None where they come from elsewhere.
        mix_code: whether the run goes on with other code than it was begun with.

    Attributes:
        version: names `code`.

    Raises:
        RunError: the folder holds something else or a run with another configuration or by other code, or another
            process is writing to it.
    """

    def __init__(
        self, path: Path, config: dict[str, Any], code: dict[str, str] | None = None, mix_code: bool = False
    ) -> None:
        self.path = path
        refuse_foreign(path, "run", "config.json", _FIRST)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise RunError(f"{path} cannot be made a folder: {fault.strerror}") from fault
        self.version = name_of_version(code) if code else ""
        config = json.loads(json.dumps({**config, CODE: {self.version: code}} if code else config))
        # First: what is there until then, another process may still be writing.
        self._held = hold(
            path / "lock", f"{path} is being written to by another process; wait for it or choose another"
        )
        there = read_config(path) if (path / "config.json").is_file() else None
        if there is not None and code:
            _refuse_difference(path, *({**each, CODE: None} for each in (there, config)))
            config[CODE] = _versions(path, there.get(CODE) or {}, config[CODE], mix_code)
        elif there is not None:
            _refuse_difference(path, there, config)
        if there is None or there.get(CODE) != config.get(CODE):
            write_whole(path / "config.json", json.dumps(config, indent=2, ensure_ascii=False) + "\n")
        self._rollouts = JsonLines(path / "rollouts.jsonl")

    def append(self, rollout: Rollout, *, trace: bool = True) -> None:
        """Store one rollout for good, its trace first: it is on disk when this returns.

        Args:
            rollout: with all texts in its trace.
            trace: False where the trace has no texts, so that there is no trace to keep.
        """
        if trace:
            write_trace(self.path, rollout)
        rollout.made_by = rollout.made_by or self.version
        self._rollouts.append(rollout.slim())

    def judged(self) -> dict[tuple[str, str, int], Rollout]:
        """The rollouts that need not be run again: neither lost nor cut short by the budget of the run."""
        return {rollout.key(): rollout for rollout in read_rollouts(self.path) if _is_whole(rollout)}


def refuse_foreign(path: Path, kind: str, known_by: str, first: Collection[str]) -> None:
    """Refuse a folder for results that is neither new nor empty nor of its kind.

    Args:
        path: the folder.
        kind: of folder, in words.
        known_by: the file by which a folder of this kind is known.
        first: names of what is made in it before that.

    Raises:
        RunError: it holds something else.
    """
    if path.exists() and not path.is_dir():
        raise RunError(f"{path} is a file; choose a folder")
    if not path.is_dir() or (path / known_by).is_file():
        return
    foreign = sorted({each.name for each in path.iterdir()} - {*first})
    if foreign:
        raise RunError(f"{path} holds something that is no {kind} ({foreign[0]}); choose another folder")


def read_config(path: Path) -> dict[str, Any]:
    """The configuration of a stored run.

    Raises:
        RunError: there is no run, or its configuration is damaged.
    """
    if not (path / "config.json").is_file():
        raise RunError(f"{path} is not a run: it has no config.json{folder_meant(path, 'config.json')}")
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


def _versions(path: Path, stored: dict[str, Any], now: dict[str, Any], mix_code: bool) -> dict[str, Any]:
    """The versions of the code that the run has rollouts of, with the present one.

    Raises:
        RunError: it was begun with other code, and shall not be mixed.
    """
    if not mix_code and stored.keys() != now.keys():
        there, here = next(iter(stored.values()), {}), next(iter(now.values()))
        raise RunError(
            f"{path} was begun with other code: {changed_files(there, here)} changed; go back to the code of then, "
            "choose another folder, or go on all the same with --mix-code"
        )
    return {**stored, **now}


def _refuse_difference(path: Path, stored: dict[str, Any], config: dict[str, Any]) -> None:
    found = config_differences(*({**rules_of(each).model_dump(), **each} for each in (stored, config)))
    if found:
        raise RunError(f"{path} holds a run with another configuration: {'; '.join(found)}; choose another folder")
