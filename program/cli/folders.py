"""Folders that a command names, looked at while its options are read, before anything heavy is imported."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, ClassVar

from program.errors import UserError, folder_meant


class _Existing(argparse.Action):
    """An option or argument whose value, or each of them, is a folder of one kind.

    Raises (when it is read):
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
        """Refuse a folder of another kind, or none.

        Raises:
            UserError: it is none; the line says which one may be meant.
        """
        if not (cls.found(path) / cls.known_by).is_file():
            meant = folder_meant(path, cls.known_by)
            raise UserError(f"{path} is not {cls.kind}: {path / cls.known_by} is missing{meant}")

    @classmethod
    def found(cls, path: Path) -> Path:
        """Where it lies."""
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
    """The folder of a run, or one with runs somewhere below it."""

    kind = "a run, nor are runs below it"

    @classmethod
    def check(cls, path: Path) -> None:
        if next(path.rglob(cls.known_by), None) is None:
            super().check(path)
