"""The result of reading one row of a dataset."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from eval.data.problem_set import Facts, HiddenTests, Known
from judge.checkers.checker_program import AnyChecker
from program.problem import Problem


@dataclass(frozen=True)
class Entry:
    """One problem with its tests, known programs, checker and facts.

    id: the dataset's id of the problem, which sample files use.
    checker: the problem's own; None if outputs are compared with the expected outputs.
    unread: tests of a function that could not be read, for example calls without literals.
    """

    id: str
    problem: Problem
    hidden: HiddenTests
    known: Known = field(repr=False)
    facts: Facts
    checker: AnyChecker | None = field(default=None, repr=False)
    unread: int = 0


class LeftOut(Exception):
    """A row without a problem that can be prompted and judged here."""

    def __init__(self, identifier: str, reason: str) -> None:
        super().__init__(f"{identifier}: {reason}")
        self.id, self.reason = identifier, reason


class Layout(Protocol):
    """A module of this package.

    COLUMNS: a dataset with all these columns has this layout.
    PRELUDE: Python code that the dataset's own runner puts in front of every program; most have none.
    """

    NAME: str
    COLUMNS: frozenset[str]

    def read(self, row: dict[str, Any]) -> Entry:
        """The problem in a row.

        Raises:
            LeftOut: the problem is not supported.
            KeyError, TypeError, ValueError: the row is not in this layout.
        """
        ...
