"""Run Python as on a machine that offers less protection: `python -m tests.support.lesser_machine WITHOUT,… ARGUMENT…`.

WITHOUT is of `namespaces`, `landlock` and `seccomp`. A filter of system calls answers for the kernel that the calls
which the layer needs are refused, or do not exist. Needs no privilege, but x86_64 or aarch64 and seccomp itself.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Sequence

from judge.sandbox.layers import kernel
from judge.sandbox.layers.guards import LANDLOCK, NAMESPACES, SECCOMP

_EPERM, _ENOSYS = 1, 38
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_SET_MODE_FILTER = 1
_UNSHARE = {"x86_64": 272, "aarch64": 97}


def refused_calls(layer: str) -> dict[int, int]:
    """What the kernel answers to which system calls where `layer` cannot be had: number to error number."""
    match layer:
        case "namespaces":
            return {_UNSHARE[kernel.MACHINE]: _EPERM}
        case "landlock":
            return {kernel.LANDLOCK_CREATE_RULESET: _ENOSYS}
        case "seccomp":
            return {kernel.number_of("seccomp"): _ENOSYS}
    raise ValueError(f"{layer} is none of {NAMESPACES}, {LANDLOCK}, {SECCOMP}")


def lose(layers: Sequence[str]) -> None:
    """Do without `layers` in this process and all that it starts, for good.

    Raises:
        OSError: the kernel refuses, having no seccomp.
    """
    code = [(_LOAD, 0, 0, 0)]
    for layer in layers:
        for number, error in refused_calls(layer).items():
            code += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | error)]
    code.append((_RETURN, 0, 0, _ALLOW))
    packed = b"".join(struct.pack("<HBBI", *step) for step in code)
    steps = ctypes.create_string_buffer(packed, len(packed))
    program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(code), ctypes.addressof(steps)))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.syscall(kernel.number_of("seccomp"), _SET_MODE_FILTER, 0, ctypes.byref(program))


if __name__ == "__main__":
    lose([layer for layer in sys.argv[1].split(",") if layer])
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
