"""Checks folders named on the command line while options are parsed, before slow imports."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, ClassVar

from program.errors import UserError, folder_meant


class _Existing(argparse.Action):
    """An option or argument with one or more folders of one kind.

    Raises (during parsing):
        UserError: there is no such folder.
    """

    kind: ClassVar[str]
    known_by: ClassVar[str]

    def __call__(self, _parser: Any, namespace: argparse.Namespace, values: Any, _option: str | None = None) -> None:
        for path in values if isinstance(values, list) else [values]:
            self.check(path)
        setattr(namespace, self.dest, values)

    @classmethod
    def check(cls, path: Path) -> None:
        """Check that the folder exists and is of this kind.

        Raises:
            UserError: it is not; the message suggests similar folders.
        """
        if not (cls.found(path) / cls.known_by).is_file():
            meant = folder_meant(path, cls.known_by)
            raise UserError(f"{path} is not {cls.kind}: {path / cls.known_by} is missing{meant}")

    @classmethod
    def found(cls, path: Path) -> Path:
        """The actual location of the folder."""
        return path


class ArtifactName(_Existing):
    """The folder of an artifact."""

    kind = "an artifact"
    known_by = "manifest.json"

    @classmethod
    def found(cls, path: Path) -> Path:
        from program.manifest import stored_folder

        return stored_folder(path)


class RunName(_Existing):
    """The folder of a run."""

    kind = "a run"
    known_by = "config.json"


class RunsName(RunName):
    """The folder of a run, or a folder with runs at any depth."""

    kind = "a run and contains no runs"

    @classmethod
    def check(cls, path: Path) -> None:
        if next(path.rglob(cls.known_by), None) is None:
            super().check(path)
