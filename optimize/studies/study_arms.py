"""The programs that a study evaluates, all under the same settings: it is prompts and flows that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import dspy

from optimize.config import CompileConfig, ConfigError
from program import artifact
from program.artifact import Manifest
from program.cli.settings import fitting


class StudyArm(NamedTuple):
    """A program to evaluate: where it lies, and what it is under the settings of the study."""

    path: Path
    program: dspy.Module
    manifest: Manifest


def arms_of(
    config: CompileConfig, against: Sequence[str], further: dict[str, dict[str, Any]], taken: Sequence[str]
) -> list[StudyArm]:
    """The program that is compiled, as it is before, and those to compare with.

    Args:
        config: of the compilation; of its settings each program gets those that it has keys for.
        against: the folders of the others.
        further: settings of single programs, by the names of their folders.
        taken: names that no program may have.

    Raises:
        ConfigError: a name is not there, or there twice.
        ArtifactError: a program cannot be loaded, or a setting has a value that is not allowed.
    """
    paths = [Path(config.start), *map(Path, against)]
    names = [path.name for path in paths]
    if twice := next((name for name in names if [*names, *taken].count(name) > 1), None):
        raise ConfigError(f"study: two of the programs, or a program and a folder of the study, are called {twice}")
    if unknown := sorted(set(further) - set(names)):
        raise ConfigError(f"study: settings: {unknown[0]} is none of the programs: {', '.join(names)}")
    return [_arm(path, path == paths[0], config, further.get(path.name, {})) for path in paths]


def _arm(path: Path, is_start: bool, config: CompileConfig, further: dict[str, Any]) -> StudyArm:
    shared = config.settings if is_start else fitting(config.settings, path)
    program, manifest = artifact.load(path, artifact.merged(shared, further), config.adapter)
    if config.lm_settings:
        manifest.lm = {"model": config.lm, **artifact.lm_settings(manifest), **config.lm_settings}
    return StudyArm(path, program, manifest)
