"""Workers of a cluster that are no processes: objects of this one, called as if they were far."""

import pickle
from collections.abc import Sequence
from typing import Any

from eval.cluster.member import Kind, Member, WorkerGone


class Near:
    """A `Remote` over an object; everything goes through pickle, as it would to another process.

    Args:
        target: whose methods are called.
        dies_at: the call, counted from 0, from which on it is gone; None for never.
    """

    def __init__(self, target: Any, dies_at: int | None = None) -> None:
        self.target = target
        self.dies_at = dies_at
        self.calls: list[str] = []

    def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        self.calls.append(method)
        if self.dies_at is not None and len(self.calls) > self.dies_at:
            raise WorkerGone("killed")
        arguments, options = pickle.loads(pickle.dumps((arguments, options)))
        return pickle.loads(pickle.dumps(getattr(self.target, method)(*arguments, **options)))

    def tell(self, method: str, *arguments: Any) -> None:
        self.call(method, *arguments)


def member(
    name: str, kinds: Sequence[Kind], remote: Any, *, cores: int = 1, room: int = 4, stopped: list[str] | None = None
) -> Member:
    """A member whose workers of all kinds are `remote`; its name is added to `stopped` when it is."""
    stop = lambda: None if stopped is None else stopped.append(name)  # noqa: E731
    workers, rooms = dict.fromkeys(kinds, remote), dict.fromkeys(kinds, room)
    return Member(name, cores, workers, rooms, lambda: "fork", stop)
