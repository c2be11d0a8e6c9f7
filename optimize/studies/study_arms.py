"""The programs that a study evaluates, all with the same settings, so that only prompts and flows are compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from optimize.config import CompileConfig, ConfigError
from program import artifact
from program.artifact import Manifest
from program.cli.settings import fitting
from program.stage.program import Program


class StudyArm(NamedTuple):
    """A program to evaluate: its folder, and the program with the settings of the study."""

    path: Path
    program: Program
    manifest: Manifest


def study_arms(
    config: CompileConfig, against: Sequence[str], further: dict[str, dict[str, Any]], taken: Sequence[str]
) -> list[StudyArm]:
    """The program to compile, before compilation, and the programs to compare with.

    Args:
        config: of the compilation; each program gets those settings that it has keys for.
        against: the folders of the other programs.
        further: settings of single programs, by folder name.
        taken: names that no program may have.

    Raises:
        ConfigError: a name is unknown, or occurs twice.
        ArtifactError: a program cannot be loaded, or a setting has an invalid value.
    """
    paths = [Path(config.start), *map(Path, against)]
    names = [path.name for path in paths]
    if twice := next((name for name in names if [*names, *taken].count(name) > 1), None):
        raise ConfigError(f"study: two of the programs, or a program and a folder of the study, are called {twice}")
    if unknown := sorted(set(further) - set(names)):
        raise ConfigError(f"study: settings: there is no program {unknown[0]}; choose one of {', '.join(names)}")
    return [_arm(path, path == paths[0], config, further.get(path.name, {})) for path in paths]


def _arm(path: Path, is_start: bool, config: CompileConfig, further: dict[str, Any]) -> StudyArm:
    shared = config.settings if is_start else fitting(config.settings, path)
    program, manifest = artifact.load(path, artifact.merged(shared, further), config.adapter)
    if config.lm_settings:
        manifest.lm = {"model": config.lm, **artifact.lm_settings(manifest), **config.lm_settings}
    return StudyArm(path, program, manifest)
