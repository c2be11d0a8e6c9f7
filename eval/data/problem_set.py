"""The problems of a split and, separately, what no program may see: hidden tests, known programs, facts."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from eval.data.rules import Rules
from judge.checkers.checker_program import FUTURE, AnyChecker
from judge.verdict import TestCase
from program.errors import UserError
from program.input_files import InputError, read_model
from program.problem import Problem

log = logging.getLogger(__name__)
_BOM = "\ufeff"
Answers = Literal["one", "several, with a checker", "several, one stored"]


class DataError(UserError):
    """The data cannot be read or is invalid. The message is one line with the reason."""


@dataclass(frozen=True)
class HiddenTests:
    """The tests of a problem that only the evaluation may see."""

    private: tuple[TestCase, ...] = field(repr=False)
    generated: tuple[TestCase, ...] = field(repr=False)

    def all(self) -> list[TestCase]:
        return [*self.private, *self.generated]


@dataclass(frozen=True)
class Known:
    """Programs in Python 3 that are known to be right or wrong."""

    right: tuple[str, ...] = field(repr=False)
    wrong: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Facts:
    """What the dataset says about a problem, to select problems and to group tables. No program sees it.

    difficulty: a name: "EASY", "A", … in CodeContests (dataset card), else the dataset's own word.
    tags: such as "dp" (Codeforces), "atcoder" (LiveCodeBench: the platform), "codeforces.com" (APPS: the site).
    rating: the Codeforces rating; 0 if unknown.
    contest: a number that grows with time: the id of a Codeforces contest, or the day as YYYYMMDD in LiveCodeBench;
        None if unknown.
    index: the letter of the problem in its contest; empty if unknown.
    answers: how many outputs are right according to the statement, and whether a checker decides.
    """

    difficulty: str = "UNKNOWN_DIFFICULTY"
    tags: tuple[str, ...] = ()
    rating: int = 0
    contest: int | None = None
    index: str = ""
    answers: Answers = "one"


@dataclass(frozen=True)
class ProblemSet:
    """The problems of one split, or a selection of them.

    Attributes:
        fingerprint: SHA-256 over all problems of the split and their hidden tests, 12 hex digits.
        rules: how programs are judged.
        ids: id in the dataset and name here, for all problems of the split in order.
        left_out: ids of unsupported problems, with the reason.
        prelude: code that the dataset's own runner puts in front of every program.
    """

    data: str
    split: str
    problems: tuple[Problem, ...]
    fingerprint: str
    _hidden: Mapping[str, HiddenTests] = field(repr=False)
    _known: Mapping[str, Known] = field(repr=False)
    _facts: Mapping[str, Facts] = field(default_factory=dict, repr=False)
    rules: Rules = field(default_factory=Rules)
    ids: Mapping[str, str] = field(default_factory=dict, repr=False)
    left_out: Mapping[str, str] = field(default_factory=dict, repr=False)
    prelude: str = ""
    _checkers: Mapping[str, AnyChecker] = field(default_factory=dict, repr=False)

    @cached_property
    def _by_name(self) -> dict[str, Problem]:
        return {problem.name: problem for problem in self.problems}

    @cached_property
    def _by_text(self) -> dict[str, str]:
        return {problem.text(): problem.name for problem in self.problems}

    @cached_property
    def _names(self) -> set[str]:
        return {*self.ids.values(), *self._by_name}

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def problem(self, name: str) -> Problem:
        return self._by_name[name]

    def places(self) -> dict[str, int]:
        """The place of each problem, from 0, by name."""
        return {problem.name: place for place, problem in enumerate(self.problems)}

    def name_of(self, identifier: str) -> str | None:
        """The name of the problem with this name or id, whether selected or not; None if the split has none."""
        if identifier in self.ids:
            return self.ids[identifier]
        return identifier if identifier in self._names else None

    def shown_in(self, text: str) -> str | None:
        """The name of the problem with this prompt text, for example in a demonstration; None if there is none."""
        return self._by_text.get(text)

    def hidden(self, name: str) -> HiddenTests:
        return self._hidden[name]

    def known(self, name: str) -> Known:
        return self._known[name]

    def facts(self, name: str) -> Facts:
        """The problem's facts; empty if the dataset has none."""
        return self._facts.get(name, Facts())

    def checker_for(self, problem: Problem) -> AnyChecker:
        """The checker of the problem's outputs under the rules: its own checker if it has one and the rule is
        "strict"."""
        own = self._checkers.get(problem.name) if self.rules.checker == "strict" else None
        return own or self.rules.checker_for(problem)

    def with_prelude(self, program: str) -> str:
        """The program as it is judged: after the prelude, which changes only what names mean that the program does not
        bind. Statements that must come first in a file come first."""
        if not self.prelude or not program.strip():
            return program
        head = max((found.end() for found in FUTURE.finditer(program)), default=0)
        return f"{program[:head]}\n{self.prelude}\n{program[head:].lstrip(_BOM)}"

    def judged_by(self, rules: Rules) -> ProblemSet:
        """The same problems under other rules."""
        return replace(self, rules=rules)

    def select(
        self,
        limit: int | None = None,
        match: str | None = None,
        exclude: str | Path | None = None,
        tags: Collection[str] = (),
        difficulty: Collection[str] = (),
        *,
        scored: bool = False,
    ) -> ProblemSet:
        """A part of the problems, in their order.

        Args:
            limit: keep only the first `limit` of the selected problems.
            match: only problems with a name in which this regular expression is found.
            exclude: a file as written by `eval.audit`; its problems are left out.
            tags: only problems with at least one of these tags, ignoring case; all if empty.
            difficulty: only problems of one of these difficulties, ignoring case; all if empty.
            scored: only problems with hidden tests; the number left out is logged.

        Raises:
            DataError: `limit` is less than 1, `match` is not a regular expression, `exclude` is not such a file, no
                problem has such a tag or difficulty, or no problem is left.
        """
        if limit is not None and limit < 1:
            raise DataError("--limit must be at least 1")
        try:
            matching = re.compile(match or "")
        except re.error as fault:
            raise DataError(f"--match {match}: {fault}") from fault
        names = {problem.name for problem in self.problems if matching.search(problem.name)}
        if exclude:
            out = read_exclusions(exclude)
            if out and not any(problem.name in out for problem in self.problems):
                log.warning("%s: none of its problems is in %s %s", exclude, self.data, self.split)
            names -= out
        if tags:
            names &= self._having("tags", tags)
        if difficulty:
            names &= self._having("difficulty", difficulty)
        fitting = [problem for problem in self.problems if problem.name in names]
        if scored:
            fitting = self._with_hidden_tests(fitting)
        if not fitting[:limit]:
            raise DataError(f"{self.data} {self.split}: no problem is left")
        return replace(self, problems=tuple(fitting[:limit]))

    def _having(self, what: str, wanted: Collection[str]) -> set[str]:
        """The names of the problems with one of the wanted values."""
        values: dict[str, set[str]] = {}
        for problem in self.problems:
            facts = self.facts(problem.name)
            for value in facts.tags if what == "tags" else (facts.difficulty,):
                values.setdefault(value.lower(), set()).add(problem.name)
        unknown = [value for value in wanted if value.lower() not in values]
        if unknown:
            there = ", ".join(sorted(values)) or "none"
            raise DataError(f"{self.data} {self.split}: no problem has --{what} {unknown[0]}; there are: {there}")
        return set().union(*(values[value.lower()] for value in wanted))

    def _with_hidden_tests(self, problems: list[Problem]) -> list[Problem]:
        kept = [problem for problem in problems if self.hidden(problem.name).all()]
        if problems and not kept:
            raise DataError(
                f"{self.data}: {problems[0].name!r} has no hidden tests, so programs cannot be scored; "
                "`python -m program.solve` can still write one"
            )
        if len(kept) < len(problems):
            log.warning(
                "%s %s: %d of %d problems have no hidden tests and are left out",
                *(self.data, self.split, len(problems) - len(kept), len(problems)),
            )
        return kept


class Exclusions(BaseModel):
    """The used part of a file that `eval.audit` or a person wrote."""

    exclude: dict[str, Any] | list[str]


def read_exclusions(path: str | Path) -> set[str]:
    """The names of the problems that an exclusion file leaves out.

    Raises:
        DataError: the file does not have the format of `eval.audit`.
    """
    try:
        return set(read_model(Path(path), Exclusions).exclude)
    except InputError as fault:
        raise DataError(f"{path} is not an exclusion file: {fault}") from fault
