"""Landlock: kernel rules that restrict which files a process may open. It needs no privileges."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from judge.sandbox.layers import kernel

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE = 1 << 14
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | 1 << 15
_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}  # number of file rights per version; 16 in later versions
_RULE_PATH = 1
_ASK_VERSION = 1
_OPEN_PATH = os.O_PATH | os.O_CLOEXEC


def version() -> int:
    """The version of Landlock in this kernel.

    Raises:
        OSError: the kernel has no Landlock.
    """
    return kernel.syscall(kernel.LANDLOCK_CREATE_RULESET, 0, 0, _ASK_VERSION)


def ruleset(readable: Iterable[str], writable: Iterable[str], executable: Iterable[str] = ()) -> int:
    """A descriptor of rules that allow only files beneath the given paths, and no TCP; see `restrict`.

    Files beneath `executable` may also be read. Paths that do not exist are ignored.

    Raises:
        OSError: the kernel refuses.
    """
    known = version()
    rights = (1 << _RIGHTS_BY_VERSION.get(known, 16)) - 1
    fields = [rights]
    if known >= 4:
        fields.append(0b11)  # TCP: bind and connect
    if known >= 6:
        fields.append(0b11)  # abstract sockets and signals outside
    attributes = struct.pack(f"<{len(fields)}Q", *fields)
    rules = kernel.syscall(kernel.LANDLOCK_CREATE_RULESET, ctypes.c_char_p(attributes), len(attributes), 0)
    for path in readable:
        _allow(rules, path, (_READ_FILE | _READ_DIR) & rights)
    for path in executable:
        _allow(rules, path, (_READ_FILE | _READ_DIR | _EXECUTE) & rights)
    for path in writable:
        _allow(rules, path, rights & ~_EXECUTE)
    return rules


def restrict(rules: int) -> None:
    """Apply the rules to this process and all processes it will start. It needs `no_new_privs` first.

    Raises:
        OSError: the kernel refuses.
    """
    kernel.syscall(kernel.LANDLOCK_RESTRICT_SELF, rules, 0)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, _OPEN_PATH)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _FILE_RIGHTS
        rule = ctypes.c_char_p(struct.pack("<Qi", rights, handle))
        kernel.syscall(kernel.LANDLOCK_ADD_RULE, rules, _RULE_PATH, rule, 0)
    finally:
        os.close(handle)
