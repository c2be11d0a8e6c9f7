"""Kattis problem packages in a folder as rows for the layout `kattis`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.data.problem_set import DataError

_MOST_BYTES = 2**30  # of one file
_NEEDED = ("data", "output_validators", "output_validator")  # folders in which every file may matter


def packages_in(folder: Path) -> list[Path]:
    """The folder itself if it is a problem package, else the packages in it, ordered by name."""
    if (folder / "problem.yaml").is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob("*/problem.yaml"))


class Packages(Sequence[dict[str, Any]]):
    """Packages that are read on access, because the tests of a contest may not fit into memory."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders

    def __len__(self) -> int:
        return len(self._folders)

    def __getitem__(self, place: Any) -> Any:
        return _row(self._folders[place])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(_row, self._folders)


def _row(folder: Path) -> dict[str, Any]:
    """A package as file contents by path, and the links that lead to nothing in the package. They bring nothing in.

    Raises:
        DataError: a file cannot be read, or is too large.
    """
    root = folder.resolve()
    files: dict[str, str] = {}
    links: list[str] = []
    try:
        for path in _paths(root):
            name = path.relative_to(root)
            if not (path.exists() and path.resolve().is_relative_to(root)):
                links += [name.as_posix()] if name.parts[0] in _NEEDED or _is_wanted(name) else []
            elif path.is_file() and _is_wanted(name):
                if path.stat().st_size > _MOST_BYTES:
                    raise DataError(f"{path} is larger than {_MOST_BYTES} bytes")
                files[name.as_posix()] = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as fault:
        raise DataError(f"{folder}: {fault.strerror or fault}") from fault
    return {"problem_package": root.name, "files": files, "links": links}


def _paths(root: Path) -> list[Path]:
    """All paths in a package, also in folders that are links to its other folders."""
    paths = sorted(root.rglob("*"))
    linked = [path for path in paths if path.is_symlink() and path.is_dir() and path.resolve().is_relative_to(root)]
    return paths + [inner for link in linked for inner in sorted(link.rglob("*"))]


def _is_wanted(path: Path) -> bool:
    if len(path.parts) == 1:
        return path.name in ("problem.yaml", ".timelimit")
    match path.parts[0]:
        case "data":
            is_given = any(part.endswith(".files") for part in path.parts)
            return is_given or path.suffix in (".in", ".ans", ".yaml")
        case "submissions":
            return path.suffix == ".py"
        case "problem_statement" | "statement":
            return path.suffix in (".md", ".tex", ".html", ".pdf")
        case "output_validators" | "output_validator":
            return True
    return False
