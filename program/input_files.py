"""Files that somebody else has written: read with bounds on size and depth, and in an encoding that is checked.

Whatever is wrong with one is an `InputError` in one line. What the values mean is up to who reads them.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import os
import tomllib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import BaseModel, ValidationError

from program.errors import UserError, first_error

MOST_BYTES = 64 * 2**20  # of a file that is no dataset
MOST_DATA_BYTES = 4 * 2**30
DEEPEST = 64  # lists and objects inside of each other; what we write has ten at most
LARGEST = 2**63  # of whole numbers; whatever we count fits

# By their first bytes; the longer ones first, as one of them begins with another.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}

Model = TypeVar("Model", bound=BaseModel)


class InputError(UserError):
    """A file cannot be read as what it should be; one line that says why."""


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a file, which may be a pipe.

    Raises:
        InputError: it is not there, cannot be read, or has more than `most` bytes.
    """
    try:
        # A pipe that nobody writes to is empty; to open it in the usual way would wait for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            os.set_blocking(opened.fileno(), True)
            return read_stream(opened, path, most)
    except InputError:
        raise
    except (OSError, ValueError) as fault:  # a name with a null character is a ValueError
        raise InputError(f"{path} cannot be read: {getattr(fault, 'strerror', None) or fault}") from fault


def read_stream(opened: IO[bytes] | gzip.GzipFile, where: object, most: int = MOST_BYTES) -> bytes:
    """What is left of an open file.

    Raises:
        InputError: it is more than `most` bytes; names `where` they come from.
        OSError: it cannot be read.
    """
    content = opened.read(most + 1)
    if len(content) > most:
        raise InputError(f"{where} has more than {most / 2**20:,.0f} MiB")
    return content


def read_packed(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a file, unpacked where its name ends in `.gz`.

    Raises:
        InputError: as `read_bytes` does, or it cannot be unpacked, or unpacks to more than `most` bytes.
    """
    content = read_bytes(path, most)
    if path.suffix != ".gz":
        return content
    if not content:  # what `gzip` takes for a whole file of nothing
        raise InputError(f"{path} cannot be unpacked: it is empty")
    try:
        with gzip.open(io.BytesIO(content)) as opened:
            return read_stream(opened, f"{path}, unpacked,", most)
    except (OSError, EOFError, zlib.error) as fault:
        raise InputError(f"{path} cannot be unpacked: {fault}") from fault


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The text of a file; see `decoded` for encodings.

    Raises:
        InputError: as `read_bytes` does, or it is no text.
    """
    return decoded(read_bytes(path, most), path)


def decoded(content: bytes, where: object) -> str:
    """The text that bytes are: UTF-8, or another form of Unicode where they begin with its byte order mark.

    Raises:
        InputError: they are no such text; names `where` they come from.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS.items() if content.startswith(mark)), (b"", "utf-8"))
    try:
        return content[len(mark) :].decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError as fault:
        byte = content[len(mark) + fault.start]
        named = f"{encoding.upper()}, as its first bytes say" if mark and encoding != "utf-8" else "UTF-8"
        raise InputError(
            f"{where} is not text in {named}: byte 0x{byte:02x} at {fault.start}; save it as UTF-8"
        ) from fault


def read_json(path: Path, most: int = MOST_BYTES) -> Any:
    """The JSON value in a file.

    Raises:
        InputError: as `read_text` does, or as `json_value` does.
    """
    return json_value(read_text(path, most), path)


def read_model(path: Path, model: type[Model], most: int = MOST_BYTES) -> Model:
    """The JSON value in a file as a `model`.

    Raises:
        InputError: as `read_json` does, or the value has another shape.
    """
    try:
        return model.model_validate(read_json(path, most))
    except ValidationError as fault:
        raise InputError(f"{path}: {first_error(fault, model)}") from fault


def json_value(text: str, where: object, *, half_pairs: bool = False, large: bool = False) -> Any:
    """The JSON value that a text is.

    Args:
        text: of the value.
        where: it comes from, for the error.
        large: whether whole numbers may be larger than any count of ours, as arguments of functions are.
        half_pairs: whether texts may hold halves of surrogate pairs, which are no text; each becomes a question mark.

    Raises:
        InputError: it is no JSON, too deep, or has numbers or texts that no value of ours could be.
    """
    try:
        whole = int if large else _bounded
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=whole)
        _refuse_depth(value)
        if r"\ud" in text or r"\uD" in text:
            plain = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace" if half_pairs else "strict")
            value = json.loads(plain)
    except UnicodeEncodeError as fault:
        raise InputError(f"{where} holds half of a surrogate pair, \\u{ord(fault.object[fault.start]):x}") from fault
    except RecursionError as fault:
        raise InputError(f"{where} is not JSON that can be read: lists and objects are nested too deep") from fault
    except ValueError as fault:
        raise InputError(f"{where} is not JSON: {fault}") from fault
    return value


def json_lines(text: str, where: object) -> Iterator[tuple[int, Any]]:
    """The JSON values of the lines of a text, each with the number of its line; empty lines are none.

    Raises:
        InputError: as `json_value` does, with the number of the line.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, json_value(line, f"{where}, line {number},", half_pairs=True, large=True)


def read_toml(path: Path) -> dict[str, Any]:
    """The table in a TOML file.

    Raises:
        InputError: as `read_text` does, or it is not TOML.
    """
    text = read_text(path)
    try:
        table = tomllib.loads(text)
        _refuse_depth(table)
    except RecursionError as fault:
        raise InputError(f"{path} is not TOML that can be read: it is nested too deep") from fault
    except ValueError as fault:
        raise InputError(f"{path} is not TOML: {fault}") from fault
    return table


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{digits[:40]} is too large a number")
    return number


def _bounded(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) > LARGEST:
        raise ValueError(f"{digits[:40]} is too large a number")
    return int(digits)


def _refuse_depth(value: Any) -> None:
    level, depth = [value], 0
    while level := [part for each in level for part in _parts(each)]:
        depth += 1
        if depth > DEEPEST:
            raise RecursionError


def _parts(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in inner if isinstance(each, dict | list)]
