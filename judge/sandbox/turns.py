"""A bounded queue, first come, first served, for things that only one thread may use at a time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from judge.verdict import JudgeError

MAX_WAITING = 4096
T = TypeVar("T")


class _Ticket(Generic[T]):
    """A place in the queue."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.item: T | None = None


class Turns(Generic[T]):
    """Hands out `items`, each to one thread at a time. At most `max_waiting` threads wait."""

    def __init__(self, items: Sequence[T], max_waiting: int = MAX_WAITING) -> None:
        self._lock = threading.Lock()
        self._idle = list(items)
        self._queue: deque[_Ticket[T]] = deque()
        self._max_waiting = max_waiting
        self.closed = False

    @property
    def waiting(self) -> int:
        """How many threads wait."""
        return len(self._queue)

    def acquire(self) -> T:
        """Wait for an item. It must be given to `release`.

        Raises:
            JudgeError: too many wait already, or the queue is closed.
        """
        ticket: _Ticket[T] = _Ticket()
        with self._lock:
            if self.closed:
                raise JudgeError("the judge is closed")
            if self._idle and not self._queue:
                return self._idle.pop()
            if len(self._queue) >= self._max_waiting:
                raise JudgeError(f"{self._max_waiting} threads wait for the judge already")
            self._queue.append(ticket)
        try:
            ticket.called.wait()
        except BaseException:  # Ctrl-C, say: neither the place nor an item that was just handed over may be lost
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
        """Hand the item to who has waited longest."""
        with self._lock:
            if self._queue:
                ticket = self._queue.popleft()
                ticket.item = item
                ticket.called.set()
            else:
                self._idle.append(item)

    def close(self) -> None:
        """Turn away who waits and who comes."""
        with self._lock:
            self.closed = True
            waiting, self._queue = self._queue, deque()
        for ticket in waiting:
            ticket.called.set()
