"""What two arms are asked with: in which predictors their instructions and demonstrations differ."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from eval.rollouts.run_folder import read_config
from program import artifact

ARTIFACTS = Path("artifacts")


def stored_artifact(run: Path, arm: str) -> Path | None:
    """The folder of the artifact an arm was: the copy in the run, else the one of that name if it is still the same."""
    copy, now = run / "artifacts" / arm, ARTIFACTS / arm
    if (copy / "manifest.json").is_file():
        return copy
    try:
        same = artifact.fingerprint(*artifact.load(now)) == read_config(run)["artifacts"].get(arm)
    except artifact.ArtifactError:
        return None
    return now if same else None


def prompt_differences(first: Path, second: Path) -> list[str]:
    """One line for everything in which two artifacts differ: program class, configuration, predictors."""
    (one, one_state), (two, two_state) = _read(first), _read(second)
    lines = []
    if one["program"] != two["program"]:
        lines.append(f"another program: {two['program']} instead of {one['program']}")
    else:
        keys = sorted({*one["config"], *two["config"]})
        changed = [key for key in keys if one["config"].get(key) != two["config"].get(key)]
        lines += [f"{key} = {two['config'].get(key)} instead of {one['config'].get(key)}" for key in changed]
    for name in dict.fromkeys((*one_state, *two_state)):
        if name in one_state and name in two_state:
            lines += _predictor(name, one_state[name], two_state[name])
    return lines


def instruction_diff(first: Path, second: Path) -> str:
    """The instructions of both artifacts' predictors line by line, as a unified diff; empty where none differs."""
    (_, one_state), (_, two_state) = _read(first), _read(second)
    lines = []
    for name in one_state:
        if name in two_state:
            before, after = _instructions(one_state[name]), _instructions(two_state[name])
            lines += difflib.unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="")
    return "\n".join(lines)


def _predictor(name: str, one: dict[str, Any], two: dict[str, Any]) -> list[str]:
    found = []
    before, after = _instructions(one), _instructions(two)
    if before != after:
        found.append(f"another instruction ({len(after.split())} words instead of {len(before.split())})")
    if one["demos"] != two["demos"]:
        same = " other" if len(one["demos"]) == len(two["demos"]) else ""
        found.append(f"{len(two['demos'])}{same} demonstrations instead of {len(one['demos'])}")
    return [f"{name}: {', '.join(found)}"] if found else []


def _instructions(state: dict[str, Any]) -> str:
    return state["signature"]["instructions"]


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and predictors' states of an artifact."""
    return json.loads((folder / "manifest.json").read_text()), json.loads((folder / "program.json").read_text())
