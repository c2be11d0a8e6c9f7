"""Load problems and, separately, their hidden tests.

One loader for datasets of the Hugging Face hub (`deepmind/code_contests`), local folders or files of a dataset, the
bundled pack (`pack`), Kattis problem packages, and problems as JSON in AlphaCodium's custom-problem format. The columns
determine the layout (`eval/data/layouts`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import ValidationError

from eval.data.layouts.entry import Entry, Layout, LeftOut
from eval.data.problem_set import Answers, DataError, Facts, HiddenTests, ProblemSet
from eval.data.recognise import LAYOUTS, layout_of
from eval.data.rows import read_rows
from judge.checkers.checker_program import AnyChecker, CheckerProgram, needs_testlib
from judge.checkers.compiled import COMPILERS, compiler, finds_testlib
from judge.verdict import TestCase
from program.cli.output import one_line
from program.errors import first_error
from program.problem import Problem, PublicTest

log = logging.getLogger(__name__)
Value = TypeVar("Value")
_NAMING = ("name", "question_id", "problem_id", "task_id", "problem_package", "id")  # columns, the best first


def load_problems(data: str, split: str) -> ProblemSet:
    """Load one split.

    Args:
        data: `pack`; a hub name, or `NAME:CONFIGURATION` if the dataset has several; a folder in the layout of a hub
            dataset or as saved by `datasets`; a problem package or a folder of them; a JSON-lines or Parquet file of
            rows; or a JSON file with one problem or a list of problems.
        split: `valid`, `test`, …; ignored for a file or packages.

    Raises:
        DataError: there is no data, no known layout, no such split, or a name occurs twice.
    """
    rows = read_rows(data, split)
    if not len(rows):
        raise DataError(f"{data}: split {split} has no problems")
    problems: list[Problem] = []
    facts: dict[str, Facts] = {}
    places: dict[str, int] = {}
    ids: dict[str, str] = {}
    left_out: dict[str, str] = {}
    checkers: dict[str, AnyChecker] = {}
    digest = hashlib.sha256()
    carriage_returns, unread = 0, Counter[str]()
    layout = _layout(data, rows[0])
    for place, row in enumerate(rows):
        try:
            read = _entry(data, layout, row)
        except LeftOut as fault:
            left_out[fault.id] = fault.reason
            continue
        entry = _with_line_feeds(read)
        carriage_returns += entry is not read
        name = entry.problem.name
        if name in places:
            raise DataError(f"{data}: problem {name!r} occurs more than once")
        places[name], ids[entry.id] = place, name
        unread[name] += entry.unread
        facts[name] = replace(entry.facts, answers=_answers(entry))
        problems.append(entry.problem)
        tests = [[test.input, test.output] for test in entry.hidden.all()]
        digest.update(json.dumps([entry.problem.model_dump(), tests]).encode())
        if entry.checker is not None:
            checkers[name] = entry.checker
            digest.update(entry.checker.name.encode())
    _report_left_out(data, split, layout, left_out, len(rows))
    _report_checkers(f"{data} {split}", checkers.values())
    _report_tests(f"{data} {split}", unread, carriage_returns)

    def entry_of(name: str) -> Entry:
        return _with_line_feeds(_entry(data, layout, rows[places[name]]))

    return ProblemSet(
        data,
        split,
        tuple(problems),
        digest.hexdigest()[:12],
        _OnDemand(places, lambda name: entry_of(name).hidden),
        _OnDemand(places, lambda name: entry_of(name).known),
        facts,
        ids=ids,
        left_out=left_out,
        prelude=getattr(layout, "PRELUDE", ""),
        _checkers=checkers,
    )


def _answers(entry: Entry) -> Answers:
    if not entry.problem.accepts_several:
        return "one"
    return "several, with a checker" if isinstance(entry.checker, CheckerProgram) else "several, one stored"


class _OnDemand(Mapping[str, Value]):
    """Values by problem, made from the row on access, because the tests of a split may not fit into memory."""

    def __init__(self, names: Mapping[str, int], make: Callable[[str], Value]) -> None:
        self._names = names
        self._make = lru_cache(maxsize=32)(make)

    def __getitem__(self, name: str) -> Value:
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _layout(data: str, row: Any) -> Layout:
    layout = layout_of(_checked(data, row))
    if layout is None:
        known = ", ".join(layout.NAME for layout in LAYOUTS)
        raise DataError(f"{data}: columns {', '.join(sorted(row))} match no known layout ({known})")
    return layout


def _entry(data: str, layout: Layout, row: Any) -> Entry:
    columns = _checked(data, row)
    try:
        return layout.read(columns)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError) as fault:
        name = next((columns[key] for key in _NAMING if columns.get(key) is not None), None)
        invalid = isinstance(fault, ValidationError)
        what = first_error(fault) if invalid else " ".join(f"{type(fault).__name__}: {fault}".split())
        raise DataError(f"{data}: problem {name!r} does not have the layout of {layout.NAME} ({what})") from fault


def _with_line_feeds(entry: Entry) -> Entry:
    """The entry with LF line ends in its tests, as a Python program reads and writes them; itself if unchanged."""
    public, hidden = entry.problem.public_tests, entry.hidden
    if not any("\r\n" in text for test in (*public, *hidden.all()) for text in (test.input, test.output)):
        return entry

    def normalized(test: TestCase) -> TestCase:
        return TestCase(test.input.replace("\r\n", "\n"), test.output.replace("\r\n", "\n"))

    cases = [normalized(test.case()) for test in public]
    shown = tuple(PublicTest(input=case.input, output=case.output) for case in cases)
    return replace(
        entry,
        problem=entry.problem.model_copy(update={"public_tests": shown}),
        hidden=HiddenTests(tuple(map(normalized, hidden.private)), tuple(map(normalized, hidden.generated))),
    )


def _checked(data: str, row: Any) -> dict[str, Any]:
    """The columns of a row; None for NaN, which is how pandas writes an empty cell."""
    if not isinstance(row, dict):
        raise DataError(f"{data}: a problem is not a JSON object")
    return {name: None if isinstance(cell, float) and math.isnan(cell) else cell for name, cell in row.items()}


def _report_left_out(data: str, split: str, layout: Layout, left_out: dict[str, str], total: int) -> None:
    if len(left_out) == total:
        raise DataError(f"{data} {split}: no problem is supported; the first {next(iter(left_out.values()))}")
    for reason, count in Counter(left_out.values()).items():
        where, why = one_line(f"{data} {split}"), one_line(reason)
        log.warning("%s (%s): left out %d of %d problems: %s", where, layout.NAME, count, total, why)


def _report_checkers(where: str, checkers: Collection[AnyChecker]) -> None:
    """Warn of checkers that cannot be compiled here."""
    compiled = sum(isinstance(each, CheckerProgram) and each.language == "c++" for each in checkers)
    if compiled and compiler() is None:
        text = "%s: %d problems have checkers in C++, but there is no compiler (%s): they cannot be judged"
        log.warning(text, one_line(where), compiled, ", ".join(COMPILERS))
    if any(map(needs_testlib, checkers)) and not finds_testlib():
        log.warning("%s: there are checkers that need testlib.h: add the folder that has it to CPATH", one_line(where))


def _report_tests(where: str, unread: Counter[str], carriage_returns: int) -> None:
    """Warn of tests that are left out or changed.

    Args:
        unread: number of tests that could not be read, by problem.
        carriage_returns: number of problems.
    """
    if some := +unread:
        log.warning(
            "%s: %d tests of %d problems, such as %s, are not calls with literals and are left out",
            *(one_line(where), some.total(), len(some), one_line(next(iter(some)))),
        )
    if carriage_returns:
        text = "%s: tests of %d problems have CR LF line ends; they are read as LF"
        log.warning(text, one_line(where), carriage_returns)
