"""A run on disk: its configuration and one JSON line per rollout, appended when it ends.

A killed run resumes where it stopped. A run with another configuration is refused.
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

REPORT = "report.html"  # the name of the report in a run's folder
CODE = "code_versions"  # the configuration key with the code versions of the rollouts, by name
_FIRST = {"lock", f"config.json{ASIDE}"}  # files that a run may have left if it was killed at the start


def report_of(run: Path) -> Path | None:
    """The report in a run's folder; None if it is not written."""
    report = run / REPORT
    return report if report.is_file() else None


class RunFolder:
    """The files of one run.

    Args:
        path: the folder, created if missing.
        config: everything that determines the results, as JSON values.
        code: the result of `code_prints` if rollouts are made here; None if they come from elsewhere.
        mix_code: whether the run may resume with other code than it began with.
        begun: whether `config` must stay as it is; None: if the folder has rollouts.

    Attributes:
        version: the name of `code`.

    Raises:
        RunError: the folder has other content or a run with another configuration or code, or another process is
            writing to it.
    """

    def __init__(
        self,
        path: Path,
        config: dict[str, Any],
        code: dict[str, str] | None = None,
        mix_code: bool = False,
        begun: bool | None = None,
    ) -> None:
        self.path = path
        refuse_foreign(path, "run", "config.json", _FIRST)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise RunError(f"{path} cannot be created: {fault.strerror}") from fault
        self.version = name_of_version(code) if code else ""
        config = json.loads(json.dumps({**config, CODE: {self.version: code}} if code else config))
        # Lock first: before that, another process may still be writing the files.
        self._held = hold(
            path / "lock", f"{path} is being written to by another process; wait for it or choose another"
        )
        begun = has_rollouts(path) if begun is None else begun
        there = read_config(path) if (path / "config.json").is_file() else None
        if there is not None and not begun and there.keys() == config.keys():
            there = None  # of this kind of run, which has made nothing yet; any other file is not overwritten
        if there is not None and code:
            _refuse_difference(path, *({**each, CODE: None} for each in (there, config)))
            config[CODE] = _versions(path, there.get(CODE) or {}, config[CODE], mix_code)
        elif there is not None:
            _refuse_difference(path, there, config)
        if there is None or there.get(CODE) != config.get(CODE):
            write_whole(path / "config.json", json.dumps(config, indent=2, ensure_ascii=False) + "\n")
        self._rollouts = JsonLines(path / "rollouts.jsonl")

    def append(self, rollout: Rollout, *, trace: bool = True) -> None:
        """Store one rollout, its trace first; both are on disk when this returns.

        Args:
            rollout: with all texts in its trace.
            trace: False if the trace has no texts, so that there is nothing to store.
        """
        if trace:
            write_trace(self.path, rollout)
        rollout.made_by = rollout.made_by or self.version
        self._rollouts.append(rollout.slim())

    def judged(self) -> dict[tuple[str, str, int], Rollout]:
        """The rollouts that need no repetition: neither lost nor cut short by the run's budget."""
        return {each.key(): each for each in read_rollouts(self.path) if each.status != "not judged"}


def refuse_foreign(path: Path, kind: str, known_by: str, first: Collection[str]) -> None:
    """Refuse a results folder that is neither new nor empty nor of its kind.

    Args:
        path: the folder.
        kind: of folder, in words.
        known_by: the file that identifies a folder of this kind.
        first: names of files that are created before that one.

    Raises:
        RunError: the folder has other content.
    """
    if path.exists() and not path.is_dir():
        raise RunError(f"{path} is a file; choose a folder")
    if not path.is_dir() or (path / known_by).is_file():
        return
    foreign = sorted({each.name for each in path.iterdir()} - {*first})
    if foreign:
        raise RunError(f"{path} is not empty and not a {kind} (it has {foreign[0]}); choose another folder")


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
        raise RunError(f"{path / 'config.json'} is damaged: not a JSON object")
    return config


def has_rollouts(path: Path) -> bool:
    """Whether a folder has a stored rollout."""
    return any(True for _ in whole_lines(path / "rollouts.jsonl"))


def read_rollouts(path: Path) -> list[Rollout]:
    """The stored rollouts; for repeated rollouts only the last.

    Raises:
        RunError: a line is damaged; only the last line may be incomplete.
    """
    file = path / "rollouts.jsonl"
    found: dict[tuple[str, str, int], Rollout] = {}
    for number, line in enumerate(whole_lines(file), 1):
        try:
            rollout = Rollout.model_validate_json(line)
        except ValidationError as fault:
            raise RunError(f"{file}, line {number} is damaged: {first_error(fault)}") from fault
        rollout.drop_verdict_if_cut_short()  # an older version judged it
        found[rollout.key()] = rollout
    return list(found.values())


def _versions(path: Path, stored: dict[str, Any], now: dict[str, Any], mix_code: bool) -> dict[str, Any]:
    """The code versions of the run's rollouts, with the current one.

    Raises:
        RunError: the run began with other code, and `mix_code` is false.
    """
    if not mix_code and stored.keys() != now.keys():
        there, here = next(iter(stored.values()), {}), next(iter(now.values()))
        raise RunError(
            f"{path} began with other code: {changed_files(there, here)} changed; go back to that code, "
            "choose another folder, or resume anyway with --mix-code"
        )
    return {**stored, **now}


def _refuse_difference(path: Path, stored: dict[str, Any], config: dict[str, Any]) -> None:
    found = config_differences(*({**rules_of(each).model_dump(), **each} for each in (stored, config)))
    if found:
        raise RunError(f"{path} has a run with another configuration: {'; '.join(found)}; choose another folder")
