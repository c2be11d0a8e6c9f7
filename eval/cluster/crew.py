"""The workers of a cluster, one pair per node, and the assignment of calls to them. Independent of Ray.

A call goes to the node with the fewest running calls of its kind per core; among equals, to the node with the fewest
calls so far. If the worker is lost during a call, another worker repeats the call once. Nodes that join later get
workers and take part from then on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from eval.cluster.member import Kind, Member, WorkerGone
from judge.verdict import JudgeError
from program.errors import ModelError

log = logging.getLogger(__name__)

STARTS = 3  # starts of the workers of one node, if they are lost again and again
PATIENCE_SECONDS = 120.0  # to wait for a node, when there is none


class LostTwice(WorkerGone):
    """The workers of both tries of a call are gone."""


class NobodyLeft(WorkerGone):
    """No node accepts work any more."""


class Crew:
    """All members. Thread-safe.

    Args:
        nodes: returns the current nodes.
        start: creates the member of a node without waiting until it is open; raises `WorkerGone` if the node is gone.
        every: seconds between checks of the nodes.
        patience: seconds to wait for a node when there is none.
    """

    def __init__(
        self,
        nodes: Callable[[], Collection[str]],
        start: Callable[[str], Member],
        every: float = 1.0,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._nodes, self._start = nodes, start
        self._every, self._patience = every, patience
        self._changed = threading.Condition()
        self._members: dict[str, Member] = {}
        self._former: list[Member] = []
        self._starting: dict[str, threading.Thread] = {}
        self._opening: dict[str, Member] = {}
        self._starts: Counter[str] = Counter()
        self._refused: dict[str, Exception] = {}
        self._again: Counter[Kind] = Counter()
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._look_again_and_again, name="crew", daemon=True)

    def open(self) -> None:
        """Start workers on all nodes. Returns when there is at least one member.

        Raises:
            ModelError, JudgeError: no node can be used.
        """
        self._look()
        self._watch.start()
        deadline = time.monotonic() + self._patience
        with self._changed:
            while not self._members:
                if self._refused and not self._starting:
                    raise next(iter(self._refused.values()))
                if not self._starting and time.monotonic() > deadline:
                    raise JudgeError("no node of the cluster has a core to work with")
                self._changed.wait(self._every)

    def call(self, kind: Kind, method: str, *arguments: Any, **options: Any) -> tuple[Any, bool]:
        """Call `method` on a worker of this kind; returns its result and whether the call was repeated.

        Raises:
            LostTwice, NobodyLeft: there is no result.
        """
        for again in (False, True):
            member = self._take(kind)
            try:
                return member.workers[kind].call(method, *arguments, **options), again
            except WorkerGone as fault:
                lost = fault
                self._lose(member)
                with self._changed:
                    self._again[kind] += not again
            finally:
                with self._changed:
                    member.busy[kind] -= 1
                    self._changed.notify_all()
        raise LostTwice(f"two workers were lost during this call ({lost})") from lost

    def room(self, kind: Kind) -> int:
        """How many calls of a kind all current members together take at once."""
        with self._changed:
            return sum(member.room[kind] for member in self._members.values())

    def close(self) -> None:
        """End all workers. Running calls raise `NobodyLeft`."""
        self._closed.set()
        if self._watch.is_alive():
            self._watch.join()
        with self._changed:
            members, self._members = list(self._members.values()), {}
            self._former += members
            starting = list(self._starting.values())
            self._changed.notify_all()
            opening = list(self._opening.values())
        for member in [*members, *opening]:
            member.stop()
        for thread in starting:
            thread.join()

    def summary(self) -> str:
        """One line per node with its work, and the calls that were repeated."""
        with self._changed:
            members = sorted([*self._former, *self._members.values()], key=lambda member: member.name)
            lines = [
                f"{each.name}, {each.cores} cores, {each.isolation}: "
                + ", ".join(f"{each.asked[kind]} {kind} calls" for kind in each.workers)
                for each in members
            ]
            lines += [f"not used: {fault}" for fault in self._refused.values()]
            again = [f"{count} {kind} calls" for kind, count in self._again.items()]
        return "\n".join(
            [*lines, f"repeated because their worker was lost: {', '.join(again)}" if again else ""]
        ).strip()

    def _take(self, kind: Kind) -> Member:
        """Wait for the least busy member with room, and count a call for it."""
        deadline = time.monotonic() + self._patience
        with self._changed:
            while True:
                if self._closed.is_set():
                    raise NobodyLeft("the connection to the cluster is closed")
                free = [each for each in self._members.values() if each.busy[kind] < each.room[kind]]
                if free:
                    member = min(free, key=lambda each: (each.busy[kind] / each.cores, each.asked[kind] / each.cores))
                    member.busy[kind] += 1
                    member.asked[kind] += 1
                    return member
                if self._members or self._starting:
                    deadline = time.monotonic() + self._patience
                elif time.monotonic() > deadline:
                    raise NobodyLeft("no node of the cluster accepts work any more; the same command resumes the run")
                self._changed.wait(self._every)

    def _lose(self, member: Member) -> None:
        """End its other worker too, because running calls depend on both."""
        with self._changed:
            node = next((node for node, each in self._members.items() if each is member), None)
            if node is None:
                return
            del self._members[node]
            self._former.append(member)
        log.warning("%s: the workers of this node are lost", member.name)
        member.stop()

    def _look_again_and_again(self) -> None:
        while not self._closed.wait(self._every):
            self._look()

    def _look(self) -> None:
        nodes = set(self._nodes())
        with self._changed:
            gone = [member for node, member in self._members.items() if node not in nodes]
            new = nodes - self._members.keys() - self._starting.keys() - self._refused.keys()
            threads = {
                node: threading.Thread(target=self._begin, args=(node,), name="crew", daemon=True) for node in new
            }
            self._starting |= threads
        for member in gone:
            self._lose(member)
        for thread in threads.values():
            thread.start()

    def _begin(self, node: str) -> None:
        self._starts[node] += 1
        member, fault = None, None
        try:
            member = self._start(node)
            with self._changed:
                self._opening[node] = member
                if self._closed.is_set():
                    raise WorkerGone("the connection to the cluster is closed")
            member.isolation = member.open()
        except (ModelError, JudgeError, WorkerGone) as raised:
            fault = raised
            if member is not None:
                member.stop()
        with self._changed:
            del self._starting[node]
            self._opening.pop(node, None)
            if fault is None and member is not None:
                self._members[node] = member
            elif fault is not None and (not isinstance(fault, WorkerGone) or self._starts[node] == STARTS):
                self._refuse(node, fault)
            self._changed.notify_all()

    def _refuse(self, node: str, fault: Exception) -> None:
        if not self._closed.is_set():
            log.warning("a node cannot be used: %s", fault)
            self._refused[node] = JudgeError(f"{node}: {fault}") if isinstance(fault, WorkerGone) else fault
