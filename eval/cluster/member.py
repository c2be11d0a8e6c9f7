"""The workers of one node of a cluster, and how they are spoken to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Kind = Literal["flow", "judge"]


class WorkerGone(Exception):
    """The process or the node that had a call is gone; whether the call had an effect is not known."""


class Remote(Protocol):
    """An object in a process of the cluster."""

    def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """What the method returns or raises.

        Raises:
            WorkerGone: nobody knows.
        """
        ...

    def tell(self, method: str, *arguments: Any) -> None:
        """Call the method after all earlier calls of this process, and do not wait for it."""
        ...


@dataclass(eq=False)
class Member:
    """The workers of one node.

    name: of the node, for people.
    cores: those the cluster says the node has.
    workers, room: by kind, and how many calls each takes at once.
    open: waits until the workers can work, and gives the protection that programs run under there; raises `ModelError`
        or `JudgeError` where the node cannot be used, `WorkerGone` where that may pass.
    stop: ends the workers, whatever they are at.
    isolation: what `open` has given.
    busy, asked: calls by kind, under way and in all.
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
