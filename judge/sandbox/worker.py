"""The judge's side of one zygote: start it, load a program, run it, end it."""

from __future__ import annotations

import itertools
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from judge.sandbox import protocol
from judge.sandbox.layers.guards import MEMORY
from judge.sandbox.layers.memory import new_group, remove_group
from judge.sandbox.process import ENVIRONMENT, FLAGS
from judge.sandbox.turns import LOOK_SECONDS
from judge.verdict import JudgeError

_PROJECT = str(Path(__file__).resolve().parents[2])
_STACK_KILOBYTES = 2**20  # of the main thread; deep recursion is common, and untouched pages cost nothing
_START_SECONDS, _SLACK_SECONDS = 60.0, 60.0
_STARVED_FACTOR = 10  # on a busy machine, an operation may take this many times its CPU seconds
_SCRIPT = """
import sys
sys.path.insert(0, {project!r})
from judge.sandbox.zygote import serve
sys.path.pop(0)
serve({channel}, {layers!r}, {identity}, {group!r})
"""
# The shell sets the stack limit: it takes effect on exec, and the judge's own limit must not change.
_SHELL = f'ulimit -S -s {_STACK_KILOBYTES} 2>/dev/null || ulimit -S -s "$(ulimit -H -s)"; exec "$0" "$@"'
_identities = itertools.count()


class WorkerLost(Exception):
    """The zygote, or its process for the program, has ended or does not respond."""


class ProgramDied(Exception):
    """The process of the program ended unexpectedly.

    Args:
        status: its exit status, as in `subprocess`.
        compiled: whether compiling was done and it was importing modules.
    """

    def __init__(self, status: int, *, compiled: bool) -> None:
        super().__init__(f"the program's process ended with status {status}")
        self.status, self.compiled = status, compiled


class Refused(Exception):
    """The zygote, or a test's process, could not be set up. Its argument says why."""


class Worker:
    """A running zygote, for use by one thread at a time. The owner must end it with `kill`.

    Args:
        wanted: the layers of protection to use if available, see `judge.sandbox.layers.guards.LAYERS`.

    Raises:
        Refused: an available layer could not be set up.
        WorkerLost: the zygote did not start.
    """

    def __init__(self, wanted: Sequence[str]) -> None:
        self._killing, self._dead = threading.Lock(), False
        number = next(_identities)
        self._group = new_group(number) if MEMORY in wanted else None
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = _SCRIPT.format(
            project=_PROJECT,
            channel=theirs.fileno(),
            layers=list(wanted),
            identity=os.getpid() * 61 + number,
            group=self._group,
        )
        # Real files from the start: the interpreter configures its standard streams by the type of file.
        files = [os.memfd_create(f"zygote-{name}") for name in ("in", "out", "err")]
        self._errors = files[2]
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _SHELL, sys.executable, *FLAGS, "-c", script],
                stdin=files[0],
                stdout=files[1],
                stderr=files[2],
                env=ENVIRONMENT,
                cwd="/",
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError as failure:
            self._channel.close()
            os.close(self._errors)
            self._remove_group()
            raise WorkerLost(f"cannot start a zygote: {failure}") from failure
        finally:
            theirs.close()
            os.close(files[0])
            os.close(files[1])
        self.pid = self._process.pid
        try:
            _, layers = self._receive(_START_SECONDS, protocol.READY)
            self.layers = [word for word in layers.decode().split(",") if word]
        except BaseException:
            self.kill()
            raise

    @property
    def lost(self) -> bool:
        """Whether an unexpected message arrived: the zygote or a program's process ended while idle."""
        poller = select.poll()
        poller.register(self._channel, select.POLLIN)
        return bool(poller.poll(0))

    def load(self, source: int, request: protocol.Load) -> str | None:
        """Load the program in the file `source`. Return the reason if it does not compile, else None.

        Raises:
            ProgramDied, WorkerLost
        """
        self._send(request.pack(), [source])
        patience = request.cpu_seconds * _STARVED_FACTOR + _SLACK_SECONDS
        kind, body = self._receive(patience, protocol.COMPILED, protocol.LOADED)
        if kind == protocol.COMPILED:
            _, body = self._receive(_SLACK_SECONDS, protocol.LOADED)
        return body.decode("utf-8", "replace") or None

    def run(self, files: Sequence[int], request: protocol.Run) -> protocol.Done:
        """Run the loaded program once. `files` are its standard input, output and error.

        Raises:
            ProgramDied, WorkerLost, Refused
        """
        self._send(request.pack(), files)
        # The zygote enforces the limits; this timeout is for a zygote that hangs.
        patience = request.wall_seconds * _STARVED_FACTOR + _SLACK_SECONDS
        return protocol.unpack_done(self._receive(patience, protocol.DONE)[1])

    def end(self) -> None:
        """Unload the program.

        Raises:
            WorkerLost
        """
        self._send(protocol.END, [])

    def kill(self) -> None:
        """End the zygote and all its child processes. May be called again, and from any thread."""
        with self._killing:
            if self._dead:
                return
            self._dead = True
            self._channel.close()
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # already dead; it is waited for below
            self._process.wait()
            os.close(self._errors)
            self._remove_group()

    def _remove_group(self) -> None:
        if self._group is not None:
            remove_group(self._group)

    def _send(self, message: bytes, files: Sequence[int]) -> None:
        try:
            self._channel.settimeout(_SLACK_SECONDS)
            socket.send_fds(self._channel, [message], files)
        except OSError as failure:
            raise WorkerLost(f"cannot send to the zygote: {failure}") from failure

    def _receive(self, seconds: float, *wanted: bytes) -> tuple[bytes, bytes]:
        """The kind and the body of the next message, which must be of one of the kinds `wanted`."""
        deadline = time.monotonic() + seconds
        self._channel.settimeout(min(seconds, LOOK_SECONDS))
        while True:
            try:
                kind, body, _ = protocol.receive(self._channel)
                break
            except TimeoutError as failure:
                if time.monotonic() >= deadline:
                    raise WorkerLost(f"the zygote does not respond within {seconds:.0f} seconds") from failure
            except OSError as failure:
                raise WorkerLost(f"the zygote does not respond: {failure}") from failure
        if kind in wanted:
            return kind, body
        if kind == protocol.DIED:
            raise ProgramDied(int(body), compiled=protocol.COMPILED not in wanted)
        if kind == protocol.FAULT:
            raise Refused(body.decode("utf-8", "replace"))
        if not kind:
            raise WorkerLost(f"the zygote ended: {self._last_words()}")
        raise JudgeError(f"a zygote sent {kind!r} where {wanted!r} was expected")

    def _last_words(self) -> str:
        size = os.fstat(self._errors).st_size
        return os.pread(self._errors, 2000, max(0, size - 2000)).decode("utf-8", "replace").strip()
