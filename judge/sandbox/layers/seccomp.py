"""The system call filter of a candidate, a hand-written BPF program.

It is an allow-list: files, memory, threads, time, signals to itself. All other calls fail with EPERM, so a program can
report what it wanted and fail with an ordinary runtime error: new processes, exec, sockets, ptrace, mounts, namespaces,
keys, BPF, io_uring, and signals to others, including signals to the owner of a file. `clone3` fails with ENOSYS, which
makes libc use `clone`, whose flags the filter can see. Threads as libc makes them are allowed. Processes are not
allowed, nor threads with their own table of open files, because each table could be filled. A datagram can only be sent
to the socket's peer, not to an address.

Landlock, not this filter, decides which files may be opened. Landlock does not control modes, owners, times and, in its
first versions, truncation. Outside namespaces, where not all files belong to the candidate, the filter refuses these
calls.
"""

from __future__ import annotations

import ctypes
import struct

from judge.sandbox.layers import kernel

_EPERM, _ENOTTY, _ENOSYS = 1, 25, 38
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP_ALWAYS, _JUMP_EQUAL, _JUMP_GREATER_EQUAL = 0x05, 0x15, 0x35
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_SET_MODE_FILTER, _FLAG_SPEC_ALLOW = 1, 4
_PID_MARK = 0x7FFF_FFF1  # replaced by the candidate's own process id when the filter is installed
_THREADS = (0x3D0F00, 0x7D0F00)  # the flags of `clone` that glibc and musl use to start a thread
_AF_UNIX, _CLOSE_ON_EXEC, _SIGKILL, _RLIMIT_CPU = 1, 4, 9, 0
_ACCESS_MODE, _TRUNCATE = 0o3, 0o1000  # of `open`
_IOCTLS = (0x5401, 0x541B, 0x5421, 0x5450, 0x5451)  # is it a terminal, bytes to read, blocking, close-on-exec
# Copies, flags, locks and the size of a pipe. Not: changing that size, or setting an owner that gets signals.
_FCNTLS = (*range(8), 36, 37, 38, 1030, 1032)

Instruction = tuple[int, int, int, int]
# Per machine, from the kernel's own tables: calls that are always allowed; calls that depend on one argument; calls
# that change a file by its name, which are only allowed inside namespaces; and calls of exec, which are only allowed
# for the launcher of a compiled checker.
_TABLES = {
    "x86_64": (
        0xC000003E,
        (
            "0-15 17-28 32-40 44-45 60 63 73-75 77 79-85 87-89 95-100 102 104 107-108 110-111 115 118 120-121 124 "
            "127-128 130-131 137-138 140 160 186 201-202 204 217-219 221 228-233 257-258 262-264 266-267 269-271 "
            "273-274 281 283 285-287 290-293 295-296 309 316 318 324 326-328 332 334 436 439"
        ),
        {
            "clone": 56,
            "clone3": 435,
            "prlimit64": 302,
            "tgkill": 234,
            "kill": 62,
            "socketpair": 53,
            "ioctl": 16,
            "fcntl": 72,
            "sendto": 44,
            "setpriority": 141,
            "sched_setaffinity": 203,
            "close_range": 436,
            "open": 2,
            "openat": 257,
        },
        # truncate, link, chmod, fchmod, linkat, fchmodat, utimensat; reading extended attributes
        (76, 86, 90, 91, 265, 268, 280, *range(191, 197)),
        (59, 158),  # execve, arch_prctl
    ),
    "aarch64": (
        0xC00000B7,
        (
            "17 19-24 32 34-36 38 43-44 46-50 56-57 59 61-73 78-80 82-83 85-87 93-94 96 98-103 113-115 123-124 128 "
            "132-137 139 141 148 150 153 155-156 158 160 163-166 168-169 172-179 206-207 214-216 222-223 226-227 "
            "232-233 276 278 283 285-287 291 293 436 439"
        ),
        {
            "clone": 220,
            "clone3": 435,
            "prlimit64": 261,
            "tgkill": 131,
            "kill": 129,
            "socketpair": 199,
            "ioctl": 29,
            "fcntl": 25,
            "sendto": 206,
            "setpriority": 140,
            "sched_setaffinity": 122,
            "close_range": 436,
            "openat": 56,
        },
        (37, 45, 52, 53, 88, *range(8, 14)),  # as above, as far as these calls exist
        (221,),
    ),
}


def _answer(action: int) -> list[Instruction]:
    return [(_RETURN, 0, 0, action)]


def _if_argument(index: int, values: tuple[int, ...], error: int = _EPERM) -> list[Instruction]:
    """Allow the call if the low half of argument `index` is one of `values`, otherwise return `error`."""
    code = [(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * index)]
    for left, value in zip(range(len(values), 0, -1), values, strict=True):
        code.append((_JUMP_EQUAL, left, 0, value))  # jumps over the remaining checks and the refusal
    return code + _answer(_ERRNO | error) + _answer(_ALLOW)


def _if_itself(*indices: int) -> list[Instruction]:
    """Allow the call if each of the arguments, which name a process, is 0 (the caller); otherwise EPERM."""
    steps: list[Instruction] = []
    for left, index in zip(range(len(indices), 0, -1), indices, strict=True):
        steps += [(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * index), (_JUMP_EQUAL, 0, 2 * left - 2, 0)]
    return [*steps, (_JUMP_ALWAYS, 0, 0, 1), *_answer(_ERRNO | _EPERM), *_answer(_ALLOW)]


def _signal_to_itself(sent: int) -> list[Instruction]:
    """Allow the call if argument 0 is the candidate's own process id; argument `sent` is the signal. SIGKILL becomes
    SIGSYS, which nobody else sends: so a candidate that killed itself differs from one that the machine killed."""
    return [
        *((_LOAD, 0, 0, _ARGUMENTS_AT), (_JUMP_EQUAL, 1, 0, _PID_MARK)),
        *_answer(_ERRNO | _EPERM),
        *((_LOAD, 0, 0, _ARGUMENTS_AT + 8 * sent), (_JUMP_EQUAL, 0, 1, _SIGKILL)),
        *_answer(_KILL),
        *_answer(_ALLOW),
    ]


def _if_null(index: int) -> list[Instruction]:
    """Allow the call if argument `index` is a null pointer, otherwise EPERM."""
    low, high = _ARGUMENTS_AT + 8 * index, _ARGUMENTS_AT + 8 * index + 4
    steps = [(_LOAD, 0, 0, low), (_JUMP_EQUAL, 0, 2, 0), (_LOAD, 0, 0, high), (_JUMP_EQUAL, 1, 0, 0)]
    return steps + _answer(_ERRNO | _EPERM) + _answer(_ALLOW)


def _own_limits() -> list[Instruction]:
    """Allow the call for the candidate's own limits, which it cannot raise; EPERM if it sets its limit of CPU time. At
    the end of that the kernel sends SIGKILL, which would look as if the machine had killed it."""
    process, which, new = (_ARGUMENTS_AT + 8 * index for index in range(3))
    return [
        *((_LOAD, 0, 0, process), (_JUMP_EQUAL, 0, 6, 0)),
        *((_LOAD, 0, 0, which), (_JUMP_EQUAL, 0, 5, _RLIMIT_CPU)),
        *((_LOAD, 0, 0, new), (_JUMP_EQUAL, 0, 2, 0)),
        *((_LOAD, 0, 0, new + 4), (_JUMP_EQUAL, 1, 0, 0)),
        *_answer(_ERRNO | _EPERM),
        *_answer(_ALLOW),
    ]


def _unless_cut_for_reading(index: int) -> list[Instruction]:
    """EPERM if argument `index` truncates a file that is opened read-only: Landlock only checks the mode."""
    steps = [(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * index), (_AND, 0, 0, _ACCESS_MODE | _TRUNCATE)]
    return [*steps, (_JUMP_EQUAL, 0, 1, _TRUNCATE), *_answer(_ERRNO | _EPERM), *_answer(_ALLOW)]


def _special(calls: dict[str, int]) -> dict[int, list[Instruction]]:
    opening = {calls[name]: _unless_cut_for_reading(at) for name, at in (("open", 1), ("openat", 2)) if name in calls}
    return opening | {
        calls["clone"]: _if_argument(0, _THREADS),
        calls["clone3"]: _answer(_ERRNO | _ENOSYS),
        calls["prlimit64"]: _own_limits(),
        calls["tgkill"]: _signal_to_itself(2),
        calls["kill"]: _signal_to_itself(1),
        calls["socketpair"]: _if_argument(0, (_AF_UNIX,)),  # connected to nothing else; asyncio's loop needs one
        calls["setpriority"]: _if_itself(0, 1),
        calls["sched_setaffinity"]: _if_itself(0),
        calls["ioctl"]: _if_argument(1, _IOCTLS, _ENOTTY),
        calls["fcntl"]: _if_argument(1, _FCNTLS),
        calls["sendto"]: _if_null(4),
        calls["close_range"]: _if_argument(2, (0, _CLOSE_ON_EXEC)),
    }


def _segments(
    table: str, more: tuple[int, ...], special: dict[int, list[Instruction]]
) -> list[tuple[int, list[Instruction]]]:
    """The ranges of call numbers: (first number, code for this range), ascending."""
    codes: dict[int, list[Instruction]] = {0: _answer(_ERRNO | _EPERM)}
    refuse, allow = codes[0], _answer(_ALLOW)
    allowed = set(more)
    for span in table.split():
        first, _, last = span.partition("-")
        allowed.update(range(int(first), int(last or first) + 1))
    for number in sorted(allowed | set(special)):
        codes[number] = special.get(number, allow)
        codes.setdefault(number + 1, refuse)
    cuts: list[tuple[int, list[Instruction]]] = []
    for number in sorted(codes):
        if not cuts or cuts[-1][1] != codes[number]:
            cuts.append((number, codes[number]))
    return cuts


def _search(cuts: list[tuple[int, list[Instruction]]]) -> list[Instruction]:
    """A binary search. When a filter is installed, the kernel runs it for every number, so depth costs time."""
    if len(cuts) == 1:
        return cuts[0][1]
    middle = len(cuts) // 2
    below, above = _search(cuts[:middle]), _search(cuts[middle:])
    if len(below) < 256:
        return [(_JUMP_GREATER_EQUAL, len(below), 0, cuts[middle][0]), *below, *above]
    return [(_JUMP_GREATER_EQUAL, 0, 1, cuts[middle][0]), (_JUMP_ALWAYS, 0, 0, len(below)), *below, *above]


class Filter:
    """The filter for this machine. It is built once and installed in every candidate's process.

    Args:
        own_world: whether the candidate is in namespaces, so that all files it can name are its own.
        executes: whether the process may exec another program, which gets the same filter.

    Raises:
        OSError: there is no table for this machine.
    """

    def __init__(self, *, own_world: bool, executes: bool = False) -> None:
        if kernel.MACHINE not in _TABLES:
            raise OSError(_ENOSYS, f"no system call table for {kernel.MACHINE}")
        architecture, table, calls, on_files, to_execute = _TABLES[kernel.MACHINE]
        more = (*(on_files if own_world else ()), *(to_execute if executes else ()))
        code = [
            (_LOAD, 0, 0, _ARCHITECTURE_AT),
            (_JUMP_EQUAL, 1, 0, architecture),
            *_answer(_KILL),  # in another instruction set the numbers stand for other calls
            (_LOAD, 0, 0, _NUMBER_AT),
            *_search(_segments(table, more, _special(calls))),
        ]
        self._pid_places = [8 * place + 4 for place, step in enumerate(code) if step[3] == _PID_MARK]
        packed = b"".join(struct.pack("<HBBI", *step) for step in code)
        self._code = ctypes.create_string_buffer(packed, len(packed))
        self._program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(code), ctypes.addressof(self._code)))
        self._number = kernel.number_of("seccomp")

    def install(self, pid: int) -> None:
        """Install the filter permanently in this process, whose id is `pid`. It needs `no_new_privs` first.

        Raises:
            OSError: the kernel refuses.
        """
        for place in self._pid_places:
            struct.pack_into("<I", self._code, place, pid)
        kernel.syscall(self._number, _SET_MODE_FILTER, _FLAG_SPEC_ALLOW, ctypes.byref(self._program))
