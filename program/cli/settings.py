"""Options of the commands that are about a program's configuration."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from program.artifact import ArtifactError, merged


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """`["solutions=2", "budget.calls=8", …]` as a nested dictionary; values are read as YAML.

    Raises:
        ArtifactError: no `=` in one of them.
    """
    pairs: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ArtifactError(f"--set {setting}: expected KEY=VALUE")
        *above, last = key.split(".")
        try:
            changed: dict[str, Any] = {last: yaml.safe_load(value)}
        except (yaml.YAMLError, ValueError, RecursionError) as fault:
            raise ArtifactError(f"--set {setting}: the value is not YAML") from fault
        for name in reversed(above):
            changed = {name: changed}
        pairs = merged(pairs, changed)
    return pairs


def check_escalation(model: str | None, programs: Iterable[Any]) -> None:
    """Refuse a stronger model, `--escalate-lm`, that no program would ask.

    Raises:
        ArtifactError: none of the programs has a second round.
    """
    if model and not any(getattr(program.config, "rounds", 1) > 1 for program in programs):
        raise ArtifactError("--escalate-lm: no program here has a second round to use it in; --set rounds=2 gives one")
