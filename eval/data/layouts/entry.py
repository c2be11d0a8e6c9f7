"""What a layout makes of one row of a dataset."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from eval.data.problem_set import Facts, HiddenTests, Known
from judge.checkers.checker_program import AnyChecker
from program.problem import Problem


@dataclass(frozen=True)
class Entry:
    """One problem with all that belongs to it.

    id: what the dataset calls it, and sample files refer to.
    checker: of its own; None where outputs are compared with the expected ones.
    """

    id: str
    problem: Problem
    hidden: HiddenTests
    known: Known = field(repr=False)
    facts: Facts
    checker: AnyChecker | None = field(default=None, repr=False)


class LeftOut(Exception):
    """A row that holds no problem that can be asked and judged here."""

    def __init__(self, identifier: str, reason: str) -> None:
        super().__init__(f"{identifier}: {reason}")
        self.id, self.reason = identifier, reason


class Layout(Protocol):
    """A module of this package.

    COLUMNS: a dataset with all of these columns has this layout.
    """

    NAME: str
    COLUMNS: frozenset[str]

    def read(self, row: dict[str, Any]) -> Entry:
        """The problem in a row.

        Raises:
            LeftOut: it cannot be asked here.
            KeyError, TypeError, ValueError: the row is not in this layout.
        """
        ...
