"""Files that survive a kill and a full disk. A file is either written to a temporary name and renamed, or grows by
whole lines.

Commands store everything through this module, except the database of the ledger.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Any

from program.errors import StorageError, UserError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
ASIDE = ".tmp"  # suffix of a file that is being written


def write_whole(file: Path, content: bytes | str) -> None:
    """Write a file completely or not at all; it is on disk on return. A device or a pipe is written directly.

    Args:
        file: its folder must exist; a symbolic link is followed.
        content: lone surrogates in a text cannot be stored and are replaced by question marks.

    Raises:
        StorageError: the disk is full or broken; the old content is unchanged.
        OSError: the file cannot be written for another reason.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if is_special(file):  # a rename would replace /dev/null by a file
        file.write_bytes(data)
        return
    file = file.resolve()
    aside = file.with_name(file.name + ASIDE)
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            _write(descriptor, data)
            os.fsync(descriptor)  # before the rename: otherwise a power cut may leave an empty file under the name
        finally:
            os.close(descriptor)
        os.replace(aside, file)
        sync_folder(file.parent)
    except OSError as fault:
        aside.unlink(missing_ok=True)
        raise _named(fault, file) from fault


def is_special(file: Path) -> bool:
    """Whether a path is a device, a pipe or a socket."""
    return file.exists() and not file.is_file() and not file.is_dir()


def append(file: Path, line: bytes) -> None:
    """Append a line; it is on disk on return. Only one thread may call this at a time.

    Raises:
        StorageError: the disk is full or broken; no part of the line was kept.
        OSError: the file cannot be written for another reason.
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
    """Sync the folder of a new file to disk. Without this, the file may be missing after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hold(lock: Path, said: str, *, also_from_here: bool = False) -> Any:
    """Lock a file against other processes until the returned file is closed or the process ends.

    Args:
        lock: the lock file; it is created if missing.
        said: the message of the error.
        also_from_here: whether to lock against this process too, which may have the lock already. Closing the file
            elsewhere in this process then keeps the lock.

    Raises:
        UserError: another process has the lock.
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
