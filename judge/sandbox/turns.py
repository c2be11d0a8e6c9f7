"""A bounded FIFO queue for resources that only one thread may use at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from judge.verdict import JudgeError

MAX_WAITING = 4096
# A signal that arrives just before a wait does not end it, and its handler runs only between waits: no wait is longer.
LOOK_SECONDS = 0.5
T = TypeVar("T")


class _Ticket(Generic[T]):
    """A place in the queue."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.item: T | None = None


class Turns(Generic[T]):
    """Lends each of `items` to one thread at a time. At most `max_waiting` threads can wait."""

    def __init__(self, items: Sequence[T], max_waiting: int = MAX_WAITING) -> None:
        self._lock = threading.Lock()
        self._idle = list(items)
        self._queue: deque[_Ticket[T]] = deque()
        self._max_waiting = max_waiting
        self.closed = False

    @property
    def waiting(self) -> int:
        """The number of waiting threads."""
        return len(self._queue)

    def acquire(self) -> T:
        """Wait for an item. The caller must pass it to `release`.

        Raises:
            JudgeError: too many threads are waiting, or the queue is closed.
        """
        ticket: _Ticket[T] = _Ticket()
        with self._lock:
            if self.closed:
                raise JudgeError("the judge is closed")
            if self._idle and not self._queue:
                return self._idle.pop()
            if len(self._queue) >= self._max_waiting:
                raise JudgeError(f"{self._max_waiting} threads are already waiting for the judge")
            self._queue.append(ticket)
        try:
            while not ticket.called.wait(LOOK_SECONDS):
                pass  # see LOOK_SECONDS
        except BaseException:  # for example Ctrl-C: leave the queue, and return an item that was just assigned
            with self._lock:
                if ticket in self._queue:
                    self._queue.remove(ticket)
            if ticket.item is not None:
                self.release(ticket.item)
            raise
        if ticket.item is None:
            raise JudgeError("the judge was closed")
        return ticket.item

    def release(self, item: T) -> None:
        """Give the item to the thread that has waited longest."""
        with self._lock:
            if self._queue:
                ticket = self._queue.popleft()
                ticket.item = item
                ticket.called.set()
            else:
                self._idle.append(item)

    def close(self) -> None:
        """Reject waiting and new threads."""
        with self._lock:
            self.closed = True
            waiting, self._queue = self._queue, deque()
        for ticket in waiting:
            ticket.called.set()
