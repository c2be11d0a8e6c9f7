"""Command options for a program's configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from program.artifact import ArtifactError, flattened, load_program, merged
from program.errors import did_you_mean
from program.stage.program import Program
from program.stage.stage import Stage


def parse_settings(settings: Sequence[str], option: str = "--set") -> dict[str, Any]:
    """Parse `["solutions=2", "budget.calls=8", …]` to a nested dictionary; values are YAML; the last value of a key
    counts. Messages name the option.

    Raises:
        ArtifactError: a setting has no `=`, or its value is not YAML.
    """
    pairs: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ArtifactError(f"{option} {setting}: expected KEY=VALUE")
        *above, last = key.split(".")
        try:
            changed: dict[str, Any] = {last: yaml.safe_load(value)}
        except (yaml.YAMLError, ValueError, RecursionError) as fault:
            raise ArtifactError(f"{option} {setting}: the value is not YAML") from fault
        for name in reversed(above):
            changed = {name: changed}
        pairs = merged(pairs, changed)
    return pairs


def setting_text(value: Any) -> str:
    """A value as `parse_settings` reads it; a list of names as an optimizer's key takes it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)


def setting_options(settings: dict[str, Any]) -> list[str]:
    """The command-line options that `parse_settings` reads as these settings, which may be nested."""
    return [word for key, value in flattened(settings).items() for word in ("--set", f"{key}={setting_text(value)}")]


def named_options(values: Mapping[str, Any]) -> list[str]:
    """Command-line options by the names of their keys: `{"api_base": "…"}` is `--api-base …`."""
    return [word for key, value in values.items() for word in (f"--{key.replace('_', '-')}", str(value))]


def shared_settings(settings: dict[str, Any], folders: Sequence[Path]) -> list[dict[str, Any]]:
    """For each artifact, the settings that it has keys for.

    Raises:
        ArtifactError: no artifact has one of the keys, or an artifact cannot be loaded.
    """
    fitted = [fitting(settings, folder) for folder in folders]
    for key in flattened(settings):
        if not any(key in flattened(each) for each in fitted):
            known = {each for folder in folders for each in _keys(load_program(folder))}
            raise ArtifactError(f"--set {key}: no program here has this key{did_you_mean(key, known)}")
    return fitted


def fitting(settings: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The settings that an artifact has keys for; temperatures only for stages that it has."""
    program = load_program(folder)
    own = {key: value for key, value in settings.items() if key in type(program.config).model_fields}
    heats = own.get("temperatures")
    if isinstance(heats, dict):
        others = {key: value for key, value in own.items() if key != "temperatures"}
        keys = _keys(load_program(folder, others))
        own["temperatures"] = {stage: heat for stage, heat in heats.items() if f"temperatures.{stage}" in keys}
    return own


def _keys(program: Program) -> set[str]:
    """The keys, in the form of `--set`."""
    stages = {part.name for _, part in program.named_sub_modules() if isinstance(part, Stage)}
    return {*flattened(program.config.model_dump()), *(f"temperatures.{stage}" for stage in stages)}
