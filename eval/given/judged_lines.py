"""The file of results that `eval.judge --out` writes: its stored results, and the conditions that must match.

A line has the input's fields and then `ADDED`. An interrupted command resumes only in its own file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from eval.data.problem_set import ProblemSet
from eval.given.samples.samples import Sample, SolutionsError
from eval.rollouts.json_lines import JsonLines, hold_results, json_line, whole_lines
from eval.rollouts.score import Status
from program.files import write_whole
from program.input_files import InputError, json_value

CONDITIONS = ("checker", "data_fingerprint", "full")  # under which a program was judged
ADDED = ("status", "passed", "verdict", "tests", "seconds", "isolation", *CONDITIONS, "error")


class TestCounts(BaseModel):
    """How many tests were run and passed."""

    run: int
    passed: int


class JudgedLine(BaseModel, extra="allow", strict=True):
    """The fields of a line that are read again."""

    name: str
    solution: str
    status: Status
    passed: bool | None
    tests: TestCounts


_BEGIN = b'{"name": "'  # of each line


def conditions_of(problems: ProblemSet, checker: str, *, full: bool) -> dict[str, Any]:
    """The fields `CONDITIONS` of a line.

    Args:
        problems: what programs are judged on.
        checker: the name of the rule for a problem; it begins with the name of the run's rule.
        full: whether all tests of a program are run, also after one fails.
    """
    return {"checker": checker, "data_fingerprint": problems.fingerprint, "full": full}


def without_results(line: Sample) -> Sample:
    """The line without the added fields, because files of results can be input files too."""
    return {key: value for key, value in line.items() if key not in ADDED}


def key_of_line(line: Sample) -> str:
    """The key of a program, the same for the input line and the stored line."""
    return json.dumps(json.loads(json_line(without_results(line))), sort_keys=True)


def open_results(out: Path, problems: ProblemSet, *, full: bool) -> JsonLines:
    """Open the file with its stored results, without those that were not judged. A missing file is created.

    Args:
        out: where it is.
        problems, full: see `conditions_of`.

    Raises:
        SolutionsError: `out` cannot be written or is not a file of results, and stays unchanged; or its results were
            made with another checker, other data or another value of `full`.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        lock = hold_results(out)
        lines = [_loaded(line) for line in whole_lines(out)]
        unread = b"" if lines else out.read_bytes()
    except OSError as fault:
        raise SolutionsError(f"{out} cannot be written: {fault.strerror}") from fault
    # A killed command may have left half of the first line.
    torn = _BEGIN.startswith(unread[: len(_BEGIN)]) and _loaded(unread) is None
    if not all(map(_is_result, lines)) or not (torn or _is_result(_loaded(unread))):
        raise SolutionsError(f"{out} is not a file of results and stays unchanged; choose another file")
    now = conditions_of(problems, problems.rules.checker, full=full)
    for line in lines:
        there = {**{key: line.get(key) for key in CONDITIONS}, "checker": str(line.get("checker")).partition(" ")[0]}
        others = [f"{key} {there[key]}, not {now[key]}" for key in CONDITIONS if there[key] != now[key]]
        if others:
            raise SolutionsError(f"{out} has other verdicts ({'; '.join(others)}); choose another file")
    kept = [line for line in lines if line["status"] != "not judged"]
    if len(kept) < len(lines):
        write_whole(out, b"".join(map(json_line, kept)))
    lock.close()
    return JsonLines(out, alone=True)


def _is_result(line: Any) -> bool:
    try:
        JudgedLine.model_validate(line)
    except ValidationError:
        return False
    return True


def _loaded(line: bytes) -> Any:
    """The line as a JSON value; None if it is not JSON."""
    try:
        return json_value(line.decode(), "", half_pairs=True)
    except (InputError, UnicodeDecodeError):
        return None
