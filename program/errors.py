"""Errors that end a command in one line, by what its caller can do about them; see `program.cli.command`."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError


class UserError(ValueError):
    """Bad input: nothing was done, and the line says what to change."""


class ModelError(RuntimeError):
    """The language model cannot be used: no such model, no key, no answer, or nobody left to ask it."""


class StorageError(RuntimeError):
    """Something could not be stored or read, on a full disk for instance; what is stored until then stays."""


def first_line(fault: BaseException, most: int = 200) -> str:
    """The first line with a text of what `fault` says, cut to `most` characters; empty where it says nothing."""
    return next((line.strip() for line in str(fault).splitlines() if line.strip()), "")[:most]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """What to add to an error about a name that does not exist: those that it may stand for, or nothing."""
    close = get_close_matches(name, list(known), n=3, cutoff=0.55)
    return f"; did you mean {' or '.join(close)}?" if close else ""


def folder_meant(path: Path, holding: str) -> str:
    """As `did_you_mean`, for a folder that does not exist: those of a similar name that hold the file `holding`, next
    to it and where artifacts and runs are kept by default."""
    homes = dict.fromkeys((path.parent, Path("artifacts"), Path("runs")))
    known = {found.parent.name: found.parent for home in homes for found in sorted(home.glob(f"*/{holding}"))}
    close = get_close_matches(path.name, known, n=2, cutoff=0.7)
    return f"; did you mean {' or '.join(str(known[name]) for name in close)}?" if close else ""


def first_error(fault: ValidationError, *models: type[BaseModel]) -> str:
    """What a user is to know of `fault`, in a line: `key: what is wrong with it (what the key means)`.

    Args:
        fault: its first error counts.
        models: configurations, one of which raised it; the docstrings of its fields say what they mean.
    """
    first = fault.errors()[0]
    kind, meaning = next((each for each in models if each.__name__ == fault.title), models[0] if models else None), None
    for key in first["loc"]:
        field = getattr(kind, "model_fields", {}).get(key)
        if field is None:
            break
        kind, meaning = field.annotation, field.description
    line = ": ".join(part for part in (".".join(map(str, first["loc"])), first["msg"]) if part)
    return f"{line} ({' '.join(meaning.split())})" if meaning else line
