"""The workers of one node of a cluster, and the interface to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Kind = Literal["flow", "judge"]


class WorkerGone(Exception):
    """The process or node that ran a call is gone. It is unknown whether the call had an effect."""


class Remote(Protocol):
    """An object in a process of the cluster."""

    def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call the method; returns or raises what it does.

        Raises:
            WorkerGone: the result is unknown.
        """
        ...

    def tell(self, method: str, *arguments: Any) -> None:
        """Call the method after all earlier calls of this process, without waiting for it."""
        ...


@dataclass(eq=False)
class Member:
    """The workers of one node.

    name: of the node, for messages.
    cores: of the node, as the cluster reports them.
    workers, room: the workers by kind, and how many calls each takes at once.
    open: waits until the workers are ready, and returns the protection of programs there; raises `ModelError` or
        `JudgeError` if the node cannot be used, `WorkerGone` if the fault may be temporary.
    stop: ends the workers at once.
    isolation: what `open` returned.
    busy, asked: running calls and all calls, by kind.
    """

    name: str
    cores: int
    workers: Mapping[Kind, Remote]
    room: Mapping[Kind, int]
    open: Callable[[], str]
    stop: Callable[[], None]
    isolation: str = ""
    busy: Counter[Kind] = field(default_factory=Counter)
    asked: Counter[Kind] = field(default_factory=Counter)
