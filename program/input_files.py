"""Reads files from other sources, with limits on size and depth and a check of the encoding.

Any problem with a file raises an `InputError` with a one-line message. Callers interpret the values.
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

from program.errors import UserError, first_error, path_meant

MOST_BYTES = 64 * 2**20  # for a file that is not a dataset
MOST_DATA_BYTES = 4 * 2**30
DEEPEST = 64  # maximum nesting of lists and objects; our own files have at most ten levels
LARGEST = 2**63  # maximum integer; larger than any count of ours

# By their first bytes. Longer marks come first, because one mark is a prefix of another.
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}

Model = TypeVar("Model", bound=BaseModel)


class InputError(UserError):
    """A file is not readable or not valid; the one-line message says why."""


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """Read a file, which may be a pipe.

    Raises:
        InputError: the file does not exist, cannot be read, or has more than `most` bytes.
    """
    try:
        # Without O_NONBLOCK, opening a pipe without a writer would block forever. Such a pipe is read as empty.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            os.set_blocking(opened.fileno(), True)
            return read_stream(opened, path, most)
    except InputError:
        raise
    except (OSError, ValueError) as fault:  # a name with a null character is a ValueError
        meant = path_meant(Path(path)) if isinstance(fault, FileNotFoundError) else ""
        raise InputError(f"{path} cannot be read: {getattr(fault, 'strerror', None) or fault}{meant}") from fault


def read_stream(opened: IO[bytes] | gzip.GzipFile, where: object, most: int = MOST_BYTES) -> bytes:
    """Read the rest of an open file.

    Raises:
        InputError: there are more than `most` bytes; the message starts with `where`.
        OSError: the file cannot be read.
    """
    content = opened.read(most + 1)
    if len(content) > most:
        raise InputError(f"{where} has more than {most / 2**20:,.0f} MiB")
    return content


def read_packed(path: Path, most: int = MOST_BYTES) -> bytes:
    """Read a file, and decompress it if its name ends in `.gz`.

    Raises:
        InputError: see `read_bytes`; or it cannot be decompressed, or has more than `most` bytes afterwards.
    """
    content = read_bytes(path, most)
    if path.suffix != ".gz":
        return content
    if not content:  # `gzip` would accept this as an empty file
        raise InputError(f"{path} cannot be decompressed: it is empty")
    try:
        with gzip.open(io.BytesIO(content)) as opened:
            return read_stream(opened, f"{path}, decompressed,", most)
    except (OSError, EOFError, zlib.error) as fault:
        raise InputError(f"{path} cannot be decompressed: {fault}") from fault


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """Read a text file; see `decoded` for encodings.

    Raises:
        InputError: see `read_bytes`; or the content is not text.
    """
    return decoded(read_bytes(path, most), path)


def decoded(content: bytes, where: object) -> str:
    """Decode a text: UTF-8, or another Unicode encoding if it starts with the byte order mark of that encoding.

    Raises:
        InputError: the bytes are not such a text; the message starts with `where`.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS.items() if content.startswith(mark)), (b"", "utf-8"))
    try:
        return content[len(mark) :].decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError as fault:
        byte = content[len(mark) + fault.start]
        named = f"{encoding.upper()} (from its byte order mark)" if mark and encoding != "utf-8" else "UTF-8"
        raise InputError(
            f"{where} is not text in {named}: byte 0x{byte:02x} at {fault.start}; save it as UTF-8"
        ) from fault


def read_json(path: Path, most: int = MOST_BYTES, *, any_number: bool = False) -> Any:
    """Read the JSON value in a file; see `json_value` for `any_number`.

    Raises:
        InputError: see `read_text` and `json_value`.
    """
    return json_value(read_text(path, most), path, any_number=any_number)


def read_model(path: Path, model: type[Model]) -> Model:
    """Read the JSON value in a file as an instance of `model`.

    Raises:
        InputError: see `read_json`; or the value does not fit the model.
    """
    try:
        return model.model_validate(read_json(path))
    except ValidationError as fault:
        raise InputError(f"{path}: {first_error(fault, model)}") from fault


def json_value(text: str, where: object, *, half_pairs: bool = False, any_number: bool = False) -> Any:
    """Parse a JSON text.

    Args:
        text: the JSON text.
        where: the origin of the text, for the error message.
        any_number: whether integers may exceed `LARGEST` and floats be `NaN` or `Infinity`, which `json.dumps` writes:
            both occur in arguments of functions, and pandas writes `NaN` where a cell is empty.
        half_pairs: whether texts may contain lone surrogates, which are not valid text; each becomes a question mark.

    Raises:
        InputError: the text is not JSON, is nested too deep, or contains numbers or texts that are not allowed.
    """
    try:
        if any_number:
            value = json.loads(text)
        else:
            value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_bounded)
        _refuse_depth(value)
        if r"\ud" in text or r"\uD" in text:
            plain = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace" if half_pairs else "strict")
            value = json.loads(plain)
    except UnicodeEncodeError as fault:
        raise InputError(f"{where} contains half of a surrogate pair, \\u{ord(fault.object[fault.start]):x}") from fault
    except RecursionError as fault:
        raise InputError(f"{where} is not readable JSON: lists and objects are nested too deep") from fault
    except ValueError as fault:
        raise InputError(f"{where} is not JSON: {fault}") from fault
    return value


def json_lines(text: str, where: object) -> Iterator[tuple[int, Any]]:
    """Yield the line number and the JSON value of each line that is not empty.

    Raises:
        InputError: see `json_value`; the message includes the line number.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, json_value(line, f"{where}, line {number},", half_pairs=True, any_number=True)


def read_toml(path: Path) -> dict[str, Any]:
    """Read the table in a TOML file.

    Raises:
        InputError: see `read_text`; or it is not TOML.
    """
    text = read_text(path)
    try:
        table = tomllib.loads(text)
        _refuse_depth(table)
    except RecursionError as fault:
        raise InputError(f"{path} is not readable TOML: it is nested too deep") from fault
    except ValueError as fault:
        raise InputError(f"{path} is not TOML: {fault}") from fault
    return table


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"the number {digits[:40]} is too large")
    return number


def _bounded(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) > LARGEST:
        raise ValueError(f"the number {digits[:40]} is too large")
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
