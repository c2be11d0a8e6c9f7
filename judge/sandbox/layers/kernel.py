"""Linux calls that the standard library lacks, as functions that raise `OSError`.

The zygote imports this module, so its own imports must be cheap.
"""

from __future__ import annotations

import _thread
import ctypes
import os
import time

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2

# Numbers of system calls without a libc wrapper, by machine.
_NUMBERS = {
    "x86_64": {"pivot_root": 155, "seccomp": 317, "capset": 126},
    "aarch64": {"pivot_root": 41, "seccomp": 277, "capset": 91},
}
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
MACHINE = os.uname().machine

_ARENA_MAX = -8  # of `mallopt`
_ATTRIBUTES_BYTES = 64  # of `pthread_attr_t`, at most

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """Make system call `number`. Each argument is an int, a ctypes object or a ctypes reference."""
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return _checked(_libc.syscall(ctypes.c_long(number), *wide), f"system call {number}")


def number_of(name: str) -> int:
    """The number of a system call on this machine.

    Raises:
        OSError: the numbers for this machine are unknown.
    """
    if MACHINE not in _NUMBERS:
        raise OSError(38, f"no system call numbers for {MACHINE}")
    return _NUMBERS[MACHINE][name]


def prctl(option: int, value: int) -> None:
    unused = ctypes.c_ulong(0)
    _checked(_libc.prctl(option, ctypes.c_ulong(value), unused, unused, unused), f"prctl {option}")


def cpu_seconds(pid: int) -> float:
    """The CPU time of all threads of a process, by its own clock, which counts nanoseconds."""
    return time.clock_gettime((~pid << 3) | 2)


def unshare(flags: int) -> None:
    _checked(_libc.unshare(flags), "unshare")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount `source` of file system type `kind` on `target`."""
    words = [os.fsencode(word) for word in (source, target, kind)]
    _checked(_libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(options) or None), f"mount {target}")


def unmount(target: str) -> None:
    _checked(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    syscall(number_of("pivot_root"), ctypes.c_char_p(os.fsencode(new)), ctypes.c_char_p(os.fsencode(old)))


def drop_capabilities() -> None:
    """Drop all capabilities of this process."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    syscall(number_of("capset"), ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


def keep_threads_small(stack_bytes: int) -> None:
    """Set the default stack size for threads of this process and its forks, and let all of them share one heap. One
    heap per thread would reserve 64 MiB of the address space each."""
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_ARENA_MAX, 1)
    if hasattr(_libc, "pthread_setattr_default_np"):
        attributes = ctypes.create_string_buffer(_ATTRIBUTES_BYTES)
        _libc.pthread_attr_init(attributes)
        _libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(stack_bytes))
        _libc.pthread_setattr_default_np(attributes)
    else:  # at least for the interpreter's own threads
        _thread.stack_size(stack_bytes)
