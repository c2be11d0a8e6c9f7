"""How a command ends early: on Ctrl-C, SIGTERM or SIGHUP, and where a call is waited for no longer.

The first signal lets nothing new begin and gives what is in flight `GRACE_SECONDS`; the second ends the process at
once. A thread of its own looks out for signals, so that neither waits for a server that hangs.
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
LEAVE_SECONDS = 1.0  # to leave in order after that
LATE_SECONDS = 4.5  # after the end of a budget's seconds
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAID = (
    f"interrupted: what is in flight gets {GRACE_SECONDS:g} seconds, a second signal ends it at once; the same command "
    "goes on from what is stored"
)

Result = TypeVar("Result")


class Interrupted(BaseException):
    """The command was asked to stop. Not an `Exception`: nobody shall take it for a failure of what was going on."""


class OutOfTime(Exception):
    """What was waited for takes longer, and is left behind."""


class _Stop:
    """What there is to know about the end of the command of this process.

    asked: that it was asked for; expired: that what was in flight has had its time; over: that the command has ended.
    status: the exit status, as a shell says it of a signal.
    graceful: how many parts of the command look out for `asked` themselves.
    child: a command of ours that this one waits for, and that gets the signals which a terminal would not send it.
    """

    def __init__(self) -> None:
        self.asked, self.expired, self.over = threading.Event(), threading.Event(), threading.Event()
        self.status = 0
        self.graceful = 0
        self.child: Popen | None = None
        self._waiting: set[Future] = set()
        self._lock = threading.Lock()

    def ask(self, number: int) -> None:
        """Ask for the end; at once where it was asked for before."""
        if self.child is not None and number != signal.SIGINT:
            self.child.send_signal(number)
        if self.asked.is_set():
            os._exit(self.status)
        self.status = 128 + number
        if self.child is None:  # else it says so
            print(f"\n{SAID}", file=sys.stderr, flush=True)
        self.asked.set()
        threading.Thread(target=self._end, name="end", daemon=True).start()

    def wait_for(self, future: Future, seconds: float | None) -> Any:
        with self._lock:
            self._waiting.add(future)
        try:
            return future.result(seconds)
        except TimeoutError as fault:
            if future.done():  # the error is that of the call
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
    """Around a command: signals end it as this file says. Only the main thread can look out for signals."""
    global _stop
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stop = _stop = _Stop()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    former = {number: signal.getsignal(number) for number in SIGNALS}
    heard = [number for number in SIGNALS if former[number] != signal.SIG_IGN]  # `nohup` shall hold
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
    """The exit status of a command that was interrupted."""
    _stop.asked.wait(LEAVE_SECONDS)  # the thread that looks out may hear of it a moment later
    return _stop.status or 128 + signal.SIGINT


@contextmanager
def graceful() -> Iterator[None]:
    """Inside of the block the first signal interrupts nothing by itself: what runs there asks `check`."""
    stop = _stop
    stop.graceful += 1
    try:
        yield
    finally:
        stop.graceful -= 1
    check()


def pass_on(child: Popen) -> None:
    """From now on `child`, a command of ours that this one waits for, gets its signals."""
    _stop.child = child


def check() -> None:
    """Go on, unless the command was asked to stop.

    Raises:
        Interrupted: it was.
    """
    if _stop.asked.is_set():
        raise Interrupted


def is_asked() -> bool:
    """Whether the command was asked to stop."""
    return _stop.asked.is_set()


def is_over() -> bool:
    """Whether the command was asked to stop and what was in flight has had its time."""
    return _stop.expired.is_set()


@contextmanager
def ends_by(seconds: float | None, said: str) -> Iterator[None]:
    """End the process, with `said` and exit status 1, should the block still be at it `LATE_SECONDS` after so many
    seconds (None: never): a limit on time holds also where something hangs that nobody can interrupt."""
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
    """Wait.

    Raises:
        Interrupted: the command was asked to stop.
    """
    _stop.asked.wait(seconds)
    check()


def in_time(ask: Callable[[], Result], seconds: float | None = None) -> Result:
    """What `ask` returns or raises; it runs in a thread of its own that nobody waits for at the end of the process.

    Args:
        ask: sees the context variables of the caller.
        seconds: to wait for it; None for as long as it takes.

    Raises:
        OutOfTime: it takes longer, and is left behind.
        Interrupted: it was in flight when the command was asked to stop, and is not done in `GRACE_SECONDS`.
    """
    future: Future[Result] = Future()
    context = copy_context()

    def run() -> None:
        try:
            result = context.run(ask)
        except BaseException as fault:  # noqa: BLE001  raised where it is waited for
            _settle(future.set_exception, fault)
        else:
            _settle(future.set_result, result)

    threading.Thread(target=run, name="call", daemon=True).start()
    return _stop.wait_for(future, seconds)


def _settle(way: Callable[[Any], None], value: Any) -> None:
    try:
        way(value)
    except InvalidStateError:  # nobody waits any more
        pass


def _on_signal(number: int, frame: Any) -> None:
    if not _stop.graceful:
        raise KeyboardInterrupt


def _listen(reading: int, stop: _Stop) -> None:
    with os.fdopen(reading, "rb", buffering=0) as signals:
        while number := signals.read(1):
            if number[0] in SIGNALS:
                stop.ask(number[0])
