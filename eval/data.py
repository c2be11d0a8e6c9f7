"""Load problems and, apart from them, their hidden tests.

One loader for a dataset of the Hugging Face hub (`deepmind/code_contests`), a local folder in its layout, the bundled
pack (`pack`), and a single problem in AlphaCodium's custom-problem format (a JSON file).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from judge.verdict import TestCase
from program.lm import CACHE_FOLDER
from program.problem import Problem, PublicTest

PACK = "pack"
PACK_FOLDER = Path(__file__).parent / "pack"
PYTHON3 = 3  # the language's number in CodeContests


class DataError(ValueError):
    """The data cannot be had or is not what it should be; one line that says why."""


@dataclass(frozen=True)
class HiddenTests:
    """What only the evaluation may see of a problem."""

    private: tuple[TestCase, ...] = field(repr=False)
    generated: tuple[TestCase, ...] = field(repr=False)

    def all(self) -> list[TestCase]:
        return [*self.private, *self.generated]


@dataclass(frozen=True)
class Known:
    """Programs whose verdict is known, in Python 3."""

    right: tuple[str, ...] = field(repr=False)
    wrong: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Facts:
    """What the dataset says about a problem; no program sees it."""

    difficulty: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProblemSet:
    """The problems of one split; what must not reach a program is looked up by name."""

    data: str
    split: str
    problems: tuple[Problem, ...]
    fingerprint: str  # SHA-256 over problems and hidden tests, 12 hex digits
    _hidden: dict[str, HiddenTests] = field(repr=False)
    _known: dict[str, Known] = field(repr=False)
    _facts: dict[str, Facts] = field(default_factory=dict, repr=False)

    def problem(self, name: str) -> Problem:
        return next(problem for problem in self.problems if problem.name == name)

    def hidden(self, name: str) -> HiddenTests:
        return self._hidden[name]

    def known(self, name: str) -> Known:
        return self._known[name]

    def facts(self, name: str) -> Facts:
        """Facts with nothing in them where the data has none."""
        return self._facts.get(name, Facts())

    def select(
        self, limit: int | None = None, match: str | None = None, exclude: str | Path | None = None
    ) -> ProblemSet:
        """A part of the problems, in their order.

        Args:
            limit: only the first so many of those that are left.
            match: only those whose name has this regular expression in it.
            exclude: a file as `eval.audit` writes it; without the problems it names.

        Raises:
            DataError: `match` is no regular expression, `exclude` no such file, or nothing is left.
        """
        left_out = read_exclusions(exclude) if exclude else set()
        try:
            matching = re.compile(match or "")
        except re.error as fault:
            raise DataError(f"--match {match}: {fault}") from fault
        fitting = [p for p in self.problems if matching.search(p.name) and p.name not in left_out]
        chosen = fitting[:limit]
        if not chosen:
            raise DataError(f"{self.data} {self.split}: no problem is left to run on")
        return replace(self, problems=tuple(chosen))


def load_problems(data: str, split: str) -> ProblemSet:
    """Load one split.

    Args:
        data: `pack`, the folder or hub name of a dataset in the schema of `deepmind/code_contests`, or a JSON file.
        split: `valid`, `test`, …; of no matter for a single JSON file.

    Raises:
        DataError: nothing there, another schema, no such split, or names that occur twice.
    """
    rows = list(_rows(data, split))
    if not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{data}: not every problem is an object")
    if not rows:
        raise DataError(f"{data}: split {split} has no problems")
    names = [str(row.get("name")) for row in rows]
    double = {name for name in names if names.count(name) > 1}
    if double:
        raise DataError(f"{data}: problem {sorted(double)[0]!r} occurs more than once")
    problems, hidden, known, facts = [], {}, {}, {}
    digest = hashlib.sha256()
    for name, row in zip(names, rows, strict=True):
        try:
            problem = _problem(row)
            hidden[name] = HiddenTests(_tests(row, "private_tests"), _tests(row, "generated_tests"))
            facts[name] = Facts(str(row.get("difficulty") or ""), tuple(filter(None, row.get("cf_tags") or ())))
            known[name] = Known(_python3(row, "solutions"), _python3(row, "incorrect_solutions"))
        except (KeyError, TypeError, ValueError) as fault:
            what = " ".join(f"{type(fault).__name__}: {fault}".split())
            raise DataError(f"{data}: problem {name!r} is not in the schema of code_contests ({what})") from fault
        problems.append(problem)
        digest.update(json.dumps([problem.model_dump(), [[t.input, t.output] for t in hidden[name].all()]]).encode())
    return ProblemSet(data, split, tuple(problems), digest.hexdigest()[:12], hidden, known, facts)


def read_exclusions(path: str | Path) -> set[str]:
    """The names of the problems that an exclusion file leaves out.

    Raises:
        DataError: the file is not one of `eval.audit`.
    """
    try:
        return set(json.loads(Path(path).read_text())["exclude"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise DataError(f"{path} is not a file of exclusions: {type(fault).__name__}: {fault}") from fault


def _rows(data: str, split: str) -> Iterator[Any]:
    if data.endswith(".json"):
        try:
            loaded = json.loads(Path(data).read_text())
        except (OSError, ValueError) as fault:
            raise DataError(f"{data} cannot be read as a JSON problem: {fault}") from fault
        return iter(loaded if isinstance(loaded, list) else [loaded])
    import datasets
    from datasets.exceptions import DatasetsError

    datasets.disable_progress_bars()
    path = str(PACK_FOLDER) if data == PACK else data
    cache = _cache_of(Path(path)) if Path(path).is_dir() else None
    try:
        return iter(datasets.load_dataset(path, split=split, cache_dir=cache))
    except (OSError, ValueError, DatasetsError) as fault:
        lines = str(fault).strip().splitlines() or [""]
        raise DataError(f"{data}, split {split}, cannot be loaded: {lines[0]}") from fault


def _cache_of(folder: Path) -> str:
    """Where `datasets` keeps its copy of a local folder; by itself it would not see that a file has changed."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".parquet", ".jsonl", ".json", ".md"):
            digest.update(f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}\n".encode())
    return str(CACHE_FOLDER / "datasets" / digest.hexdigest()[:16])


def _problem(row: dict[str, Any]) -> Problem:
    limit = row.get("time_limit")
    return Problem(
        name=row["name"],
        description=row["description"],
        public_tests=tuple(PublicTest(input=t.input, output=t.output) for t in _tests(row, "public_tests")),
        seconds=limit["seconds"] + limit["nanos"] / 1e9 if limit else None,
        memory_bytes=row.get("memory_limit_bytes") or None,
    )


def _tests(row: dict[str, Any], key: str) -> tuple[TestCase, ...]:
    tests = row.get(key) or {"input": [], "output": []}
    if not all(isinstance(text, str) for text in [*tests["input"], *tests["output"]]):
        raise TypeError(f"{key} holds what is no text")
    return tuple(TestCase(i, o) for i, o in zip(tests["input"], tests["output"], strict=True))


def _python3(row: dict[str, Any], key: str) -> tuple[str, ...]:
    programs = row.get(key) or {"language": [], "solution": []}
    return tuple(
        text for number, text in zip(programs["language"], programs["solution"], strict=True) if number == PYTHON3
    )
