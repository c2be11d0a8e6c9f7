"""The workers of a cluster, one pair a node, and who of them gets what. Knows nothing of Ray.

A call goes to the node with the fewest of its kind per core, of equals to the one that had the fewest. One whose worker
is lost meanwhile is done again once, by another; nodes that join get workers, and from then on work.
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

STARTS = 3  # on a node whose workers are lost again and again
PATIENCE_SECONDS = 120.0  # for a node, when there is none


class LostTwice(WorkerGone):
    """So it is, and that of the second try too."""


class NobodyLeft(WorkerGone):
    """No node takes work any more."""


class Crew:
    """All members. Safe for many threads.

    Args:
        nodes: the nodes there are now.
        start: makes the member of a node, which need not be open, at once; raises `WorkerGone` where there is no such
            node any more.
        every: seconds between looks at the nodes.
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
        """Start workers on all nodes; there is one member at least when this returns.

        Raises:
            ModelError, JudgeError: why no node can be used.
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
        """What `method` of some worker of this kind returns or raises, and whether it was called again.

        Raises:
            LostTwice, NobodyLeft: it has no result.
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
        raise LostTwice(f"two workers were lost over it ({lost})") from lost

    def room(self, kind: Kind) -> int:
        """Calls of a kind that all members together take at once, at this moment."""
        with self._changed:
            return sum(member.room[kind] for member in self._members.values())

    def close(self) -> None:
        """End all workers; calls under way raise `NobodyLeft`."""
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
        """A line for each node and its work, and what was lost and done again."""
        with self._changed:
            members = sorted([*self._former, *self._members.values()], key=lambda member: member.name)
            lines = [
                f"{each.name}, {each.cores} cores, {each.isolation}: "
                + ", ".join(f"{each.asked[kind]} {kind} calls" for kind in each.workers)
                for each in members
            ]
            lines += [f"not used: {fault}" for fault in self._refused.values()]
            again = [f"{count} {kind} calls" for kind, count in self._again.items()]
        return "\n".join([*lines, f"done again as their worker was lost: {', '.join(again)}" if again else ""]).strip()

    def _take(self, kind: Kind) -> Member:
        """Wait for the least busy member that has room, and count a call for it."""
        deadline = time.monotonic() + self._patience
        with self._changed:
            while True:
                if self._closed.is_set():
                    raise NobodyLeft("the cluster is left")
                free = [each for each in self._members.values() if each.busy[kind] < each.room[kind]]
                if free:
                    member = min(free, key=lambda each: (each.busy[kind] / each.cores, each.asked[kind] / each.cores))
                    member.busy[kind] += 1
                    member.asked[kind] += 1
                    return member
                if self._members or self._starting:
                    deadline = time.monotonic() + self._patience
                elif time.monotonic() > deadline:
                    raise NobodyLeft("no node of the cluster takes work any more; start again to go on")
                self._changed.wait(self._every)

    def _lose(self, member: Member) -> None:
        """Its other worker goes too: what that has under way depends on both."""
        with self._changed:
            node = next((node for node, each in self._members.items() if each is member), None)
            if node is None:
                return
            del self._members[node]
            self._former.append(member)
        log.warning("%s: its workers are lost", member.name)
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
                    raise WorkerGone("the cluster is left")
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
            log.warning("a node takes no work: %s", fault)
            self._refused[node] = JudgeError(f"{node}: {fault}") if isinstance(fault, WorkerGone) else fault
