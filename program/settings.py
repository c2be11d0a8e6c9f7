"""`--set KEY=VALUE` of the commands: changes of a program's configuration."""

from __future__ import annotations

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
        except yaml.YAMLError as fault:
            raise ArtifactError(f"--set {setting}: the value is not YAML") from fault
        for name in reversed(above):
            changed = {name: changed}
        pairs = merged(pairs, changed)
    return pairs
