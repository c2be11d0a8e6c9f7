"""The messages between the judge and its zygotes: one datagram per message, over a private socket pair.

Files are sent as descriptors with the message. A candidate never has either end of the socket.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, Protocol

# Sent by the judge.
LOAD, RUN, END = b"L", b"R", b"E"
# Sent by a zygote.
READY, COMPILED, LOADED, DONE, DIED, FAULT = b"Y", b"c", b"l", b"d", b"D", b"F"

TIMED_OUT, MEMORY_EXCEEDED, KILLED_ITSELF = 1, 2, 4  # flags in `Done`
PROGRAM_NAME = "program.py"
MAX_TEXT = 8000
_MAX_MESSAGE = 16384
_MAX_FILES = 7
_SOL_SOCKET, _SCM_RIGHTS = 1, 1
_LOAD = struct.Struct("<q?")
_RUN = struct.Struct("<ddqq?")
_DONE = struct.Struct("<iddqi")


class Load(NamedTuple):
    """A request to load a program; its source is sent as a file. `imports`: import its modules in advance."""

    cpu_seconds: int  # for compiling
    imports: bool
    entry_point: str = ""  # the function that the tests call; empty for a program that reads and prints

    def pack(self) -> bytes:
        return LOAD + _LOAD.pack(self.cpu_seconds, self.imports) + text(self.entry_point)


class Run(NamedTuple):
    """A request to run the loaded program. Standard input, output and error are sent with it, followed by files
    for its arguments. `executes`: the program may exec another one, as the launcher of a compiled checker does.
    """

    cpu_seconds: float
    wall_seconds: float
    memory_bytes: int
    output_bytes: int
    executes: bool = False

    def pack(self) -> bytes:
        return RUN + _RUN.pack(*self)


class Done(NamedTuple):
    """How a run ended. `status` is a wait status. The numbers come from the kernel, never from the candidate."""

    status: int
    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int
    flags: int

    def pack(self) -> bytes:
        return DONE + _DONE.pack(*self)


class _Socket(Protocol):
    def recvmsg(self, size: int, ancillary: int = ..., /) -> tuple[bytes, list[tuple[int, int, bytes]], int, object]:
        """As `socket.socket.recvmsg`."""
        ...


def unpack_load(body: bytes) -> Load:
    cpu_seconds, imports = _LOAD.unpack_from(body)
    return Load(cpu_seconds, imports, body[_LOAD.size :].decode())


def unpack_run(body: bytes) -> Run:
    return Run(*_RUN.unpack(body))


def unpack_done(body: bytes) -> Done:
    return Done(*_DONE.unpack(body))


def text(message: str) -> bytes:
    """A text as the body of a message, truncated to the maximum size."""
    return message.encode("utf-8", "backslashreplace")[:MAX_TEXT]


def receive(channel: _Socket) -> tuple[bytes, bytes, list[int]]:
    """The next message: its kind, its body and its descriptors. The kind is empty if the other end is closed.

    Raises:
        OSError: raised by the socket.
    """
    data, ancillary, _, _ = channel.recvmsg(_MAX_MESSAGE, 16 + 8 + 4 * _MAX_FILES)
    files: list[int] = []
    for level, kind, payload in ancillary:
        if (level, kind) == (_SOL_SOCKET, _SCM_RIGHTS):
            files += [number for (number,) in struct.iter_unpack("i", payload[: len(payload) // 4 * 4])]
    return data[:1], data[1:], files
