"""Errors that end a command with one line, grouped by what the caller can do about them; see `program.cli.command`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

TIMEOUT_VARIABLE = "ALPHACODIUM_TIMEOUT"  # the seconds to wait for an answer of any model
_READ_TIMEOUT, _WAITED = re.compile(r"read timed? ?out"), re.compile(r"no bytes for ([\d.]+)s")


class UserError(ValueError):
    """Bad input. Nothing was done; the message says what to change."""


class ModelError(RuntimeError):
    """The language model cannot be used: unknown model, missing key, no response, or no workers left to call it."""


class StorageError(RuntimeError):
    """A write or read failed, for example on a full disk. Everything stored before remains."""


def first_line(fault: BaseException, most: int = 200) -> str:
    """The first non-empty line of the message of `fault`, cut to `most` characters; empty if it has none."""
    return next((line.strip() for line in str(fault).splitlines() if line.strip()), "")[:most]


def ran_out_of_time(fault: BaseException) -> bool:
    """Whether DSPy's own engine has waited in vain for an answer; it reports this as an error of the transport."""
    return _READ_TIMEOUT.search(str(fault).lower()) is not None


def call_fault(fault: BaseException, most: int = 200) -> str:
    """The first line of the exception of an LM call; for an answer that did not come in time, how to allow more."""
    if not ran_out_of_time(fault):
        return first_line(fault, most)
    waited = _WAITED.search(str(fault))
    within = f"within {waited[1]} seconds" if waited else "in time"
    return f"no answer {within}; set {TIMEOUT_VARIABLE}=SECONDS to wait longer"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A suffix for an error about an unknown name: the most similar known names, or an empty text."""
    return _suggested(name, {each: each for each in known}, most=3, cutoff=0.55)


def path_meant(path: Path) -> str:
    """Like `did_you_mean`, for a file or folder that does not exist: similar names in the same folder."""
    try:
        return _suggested(path.name, {each.name: each for each in sorted(path.parent.iterdir())})
    except (OSError, ValueError):  # there is no such folder either, or the name has a null character
        return ""


def folder_meant(path: Path, holding: str) -> str:
    """Like `did_you_mean`, for a folder that does not exist. Suggests folders with a similar name that contain the file
    `holding`, next to `path` and in the default folders of artifacts and runs."""
    homes = dict.fromkeys((path.parent, Path("artifacts"), Path("runs")))
    return _suggested(
        path.name, {found.parent.name: found.parent for home in homes for found in sorted(home.glob(f"*/{holding}"))}
    )


def _suggested(name: str, known: Mapping[str, str | Path], most: int = 2, cutoff: float = 0.7) -> str:
    """The suffix, with the values of the names in `known` that are most similar to `name`."""
    close = get_close_matches(name, known, n=most, cutoff=cutoff)
    return f"; did you mean {' or '.join(str(known[each]) for each in close)}?" if close else ""


def first_error(fault: ValidationError, *models: type[BaseModel]) -> str:
    """One line for the user about `fault`: `key: what is wrong with it (what the key means)`.

    Args:
        fault: only its first error is used.
        models: configuration classes, one of which raised it; the field docstrings say what the keys mean.
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
