"""Early end of a command: on Ctrl-C, SIGTERM or SIGHUP, and timeouts of calls.

After the first signal nothing new starts, and running calls get `GRACE_SECONDS` to finish. The second signal ends the
process immediately. A separate thread listens for signals, so a server that hangs cannot delay them.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager
from contextvars import copy_context
from subprocess import Popen
from typing import Any, TypeVar

GRACE_SECONDS = 5.0
LEAVE_SECONDS = 1.0  # for a regular exit after the grace period
LATE_SECONDS = 4.5  # after the budget's seconds have passed
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAID = (
    f"interrupted: running calls have {GRACE_SECONDS:g} seconds to finish; a second signal ends them at once; run the "
    "same command again to continue"
)

Result = TypeVar("Result")


class Interrupted(BaseException):
    """The command was asked to stop. Not an `Exception`, so that handlers do not treat it as a failure."""


class OutOfTime(Exception):
    """The call took too long and was abandoned."""


class _Stop:
    """The state of the end of this process's command.

    asked: set when a stop was requested; expired: set after the grace period; over: set when the command has ended.
    status: the exit status, as a shell computes it for a signal.
    graceful: the number of parts of the command that check `asked` themselves.
    child: a child command that this one waits for. It gets the signals, which a terminal would not send to it.
    """

    def __init__(self) -> None:
        self.asked, self.expired, self.over = threading.Event(), threading.Event(), threading.Event()
        self.status = 0
        self.graceful = 0
        self.child: Popen | None = None
        self._waiting: set[Future] = set()
        self._lock = threading.Lock()

    def ask(self, number: int) -> None:
        """Request the end; if it was requested before, end immediately."""
        if self.child is not None and number != signal.SIGINT:
            self.child.send_signal(number)
        if self.asked.is_set():
            os._exit(self.status)
        self.status = 128 + number
        if self.child is None:  # otherwise the child prints it
            print(f"\n{SAID}", file=sys.stderr, flush=True)
        self.asked.set()
        threading.Thread(target=self._end, name="end", daemon=True).start()

    def wait_for(self, future: Future, seconds: float | None) -> Any:
        with self._lock:
            self._waiting.add(future)
        try:
            return future.result(seconds)
        except TimeoutError as fault:
            if future.done():  # the exception comes from the call
                raise
            raise OutOfTime from fault
        finally:
            with self._lock:
                self._waiting.discard(future)

    def _end(self) -> None:
        if self.over.wait(GRACE_SECONDS):
            return
        self.expired.set()
        with self._lock:
            for future in self._waiting:
                _settle(future.set_exception, Interrupted())
        if not self.over.wait(LEAVE_SECONDS):
            os._exit(self.status)


_stop = _Stop()


@contextmanager
def watched() -> Iterator[None]:
    """Handle signals during a command. Must run in the main thread."""
    global _stop
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stop = _stop = _Stop()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    former = {number: signal.getsignal(number) for number in SIGNALS}
    heard = [number for number in SIGNALS if former[number] != signal.SIG_IGN]  # respect `nohup`
    woken = signal.set_wakeup_fd(writing)
    threading.Thread(target=_listen, args=(reading, stop), name="signals", daemon=True).start()
    for number in heard:
        signal.signal(number, _on_signal)
    try:
        yield
    finally:
        stop.over.set()
        for number in heard:
            signal.signal(number, former[number])
        signal.set_wakeup_fd(woken)
        os.close(writing)


def status() -> int:
    """The exit status of an interrupted command."""
    _stop.asked.wait(LEAVE_SECONDS)  # the listening thread may get the signal a moment later
    return _stop.status or 128 + signal.SIGINT


@contextmanager
def graceful() -> Iterator[None]:
    """Inside the block the first signal raises nothing. The code there must call `check`."""
    stop = _stop
    stop.graceful += 1
    try:
        yield
    finally:
        stop.graceful -= 1
    check()


def pass_on(child: Popen) -> None:
    """Forward signals to `child`, a command that this one waits for."""
    _stop.child = child


def check() -> None:
    """Do nothing, unless the command was asked to stop.

    Raises:
        Interrupted: a stop was requested.
    """
    if _stop.asked.is_set():
        raise Interrupted


def is_asked() -> bool:
    """Whether the command was asked to stop."""
    return _stop.asked.is_set()


def is_over() -> bool:
    """Whether the command was asked to stop and the grace period is over."""
    return _stop.expired.is_set()


@contextmanager
def ends_by(seconds: float | None, said: str) -> Iterator[None]:
    """End the process with the message `said` and exit status 1 if the block still runs `LATE_SECONDS` after `seconds`
    (None: never). So the time limit also holds if something hangs that cannot be interrupted."""
    left = threading.Event()

    def end() -> None:
        if not left.wait(max(0.0, seconds or 0.0) + LATE_SECONDS):
            print(f"\nerror: {said}", file=sys.stderr, flush=True)
            os._exit(1)

    if seconds is not None:
        threading.Thread(target=end, name="end", daemon=True).start()
    try:
        yield
    finally:
        left.set()


def rest(seconds: float) -> None:
    """Sleep.

    Raises:
        Interrupted: the command was asked to stop.
    """
    _stop.asked.wait(seconds)
    check()


def in_time(ask: Callable[[], Result], seconds: float | None = None) -> Result:
    """Call `ask` in a separate thread, and return its result or raise its exception. The process can exit while the
    thread still runs.

    Args:
        ask: runs with the caller's context variables.
        seconds: the timeout; None for no timeout.

    Raises:
        OutOfTime: the call took too long and was abandoned.
        Interrupted: the command was asked to stop, and the call did not finish in `GRACE_SECONDS`.
    """
    future: Future[Result] = Future()
    context = copy_context()

    def run() -> None:
        try:
            result = context.run(ask)
        except BaseException as fault:  # noqa: BLE001  raised again in the waiting thread
            _settle(future.set_exception, fault)
        else:
            _settle(future.set_result, result)

    threading.Thread(target=run, name="call", daemon=True).start()
    return _stop.wait_for(future, seconds)


def _settle(way: Callable[[Any], None], value: Any) -> None:
    try:
        way(value)
    except InvalidStateError:  # nobody waits for the result any more
        pass


def _on_signal(number: int, frame: Any) -> None:
    if not _stop.graceful:
        raise KeyboardInterrupt


def _listen(reading: int, stop: _Stop) -> None:
    with os.fdopen(reading, "rb", buffering=0) as signals:
        while number := signals.read(1):
            if number[0] in SIGNALS:
                stop.ask(number[0])
