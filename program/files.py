"""Files that survive a kill and a full disk: each is written aside and renamed, or grows by whole lines.

Everything that commands store goes through here (the ledger's database apart).
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

from program.errors import StorageError, UserError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
ASIDE = ".tmp"  # at the end of the name of a file that is being written


def write_whole(file: Path, content: bytes | str) -> None:
    """Write a file whole or not at all: it is on disk when this returns. A device or a pipe gets the content as it is.

    Args:
        file: its folder exists; behind a symbolic link the file that it stands for.
        content: of a text the lone surrogates, which cannot be stored, become question marks.

    Raises:
        StorageError: the disk is full or broken; what was there before is there still, and nothing else.
        OSError: it cannot be written for another reason.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if is_special(file):  # a file that is renamed would take the place of /dev/null
        file.write_bytes(data)
        return
    file = file.resolve()
    aside = file.with_name(file.name + ASIDE)
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            _write(descriptor, data)
            os.fsync(descriptor)  # before the new name: else a power cut may leave the name without the content
        finally:
            os.close(descriptor)
        os.replace(aside, file)
        sync_folder(file.parent)
    except OSError as fault:
        aside.unlink(missing_ok=True)
        raise _named(fault, file) from fault


def is_special(file: Path) -> bool:
    """Whether a path stands for a device, a pipe or a socket."""
    return file.exists() and not file.is_file() and not file.is_dir()


def append(file: Path, line: bytes) -> None:
    """Append a line: it is on disk when this returns. One thread at a time.

    Raises:
        StorageError: the disk is full or broken, and nothing of the line stays.
        OSError: it cannot be written for another reason.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        before = os.fstat(descriptor).st_size
        try:
            _write(descriptor, line)
            os.fsync(descriptor)
        except OSError as fault:
            os.ftruncate(descriptor, before)
            raise _named(fault, file) from fault
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """A file that was just made is found again after a power cut only when its folder is on disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hold(lock: Path, said: str, *, also_from_here: bool = False) -> Any:
    """Keep other processes out as long as the returned file is open; a process that ends lets go.

    Args:
        lock: a file, made when it is missing.
        said: of the error.
        also_from_here: whether this process itself, which may hold it already, is kept out too; it may then open and
            close the file elsewhere.

    Raises:
        UserError: another process has it.
    """
    file = lock.open("ab")
    try:
        (fcntl.flock if also_from_here else fcntl.lockf)(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as fault:
        file.close()
        raise UserError(said) from fault
    return file


def _named(fault: OSError, file: Path) -> Exception:
    return StorageError(f"{file}: {fault.strerror}") if fault.errno in NO_ROOM else fault


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
