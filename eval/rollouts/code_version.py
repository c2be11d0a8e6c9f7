"""The code version of a rollout: the files that determine its result, each with the beginning of its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Whole packages, and the parts of `eval` that produce problems, rollouts and scores.
DECIDING = ("judge", "signatures", "program", "eval/data", "eval/rollouts", "eval/spending")
SHOWN = 5  # files named in a message


def code_prints(*more: str) -> dict[str, str]:
    """The files that determine the result of a rollout, each with 8 hex digits of its hash, and the version of DSPy.

    Args:
        more: further folders of the repository.
    """
    files = sorted(path for folder in (*DECIDING, *more) for path in (ROOT / folder).rglob("*.py"))
    prints = {str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest()[:8] for path in files}
    return {**prints, "dspy": version("dspy")}


def name_of_version(prints: Mapping[str, str]) -> str:
    """The name of a code version: 12 hex digits."""
    return hashlib.sha256(json.dumps(prints, sort_keys=True).encode()).hexdigest()[:12]


def changed_files(there: Mapping[str, str], here: Mapping[str, str]) -> str:
    """The files in which two code versions differ, in words; empty if they are equal."""
    changed: Sequence[str] = sorted(name for name in {*there, *here} if there.get(name) != here.get(name))
    return ", ".join(changed[:SHOWN]) + (f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else "")
