"""Samples of evalplus: the form of HumanEval and one more form.

Source: its command-line documentation and its reader of samples. Either JSON lines with `task_id` and `solution` (a
    whole program) or `completion` (the text after the prompt); or a folder with one folder per task (`/` in its name
    becomes `_`), with files `0.py`, `1.py`, …. A completion continues the starter code of a function problem. Other
    problems have no starter code, so there it is a whole program.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eval.data.problem_set import ProblemSet
from program.input_files import read_text


def is_sample(line: Any) -> bool:
    """Whether this looks like one sample."""
    return isinstance(line, dict) and "task_id" in line and ("solution" in line or "completion" in line)


def from_lines(lines: list[Any], problems: ProblemSet) -> Iterator[tuple[str, dict[str, Any]]]:
    """Task id and sample of every line, with all other fields of the line."""
    for line in lines:
        identifier, is_whole = _identifier(line["task_id"], problems), line.get("solution") is not None
        code = line["solution"] if is_whole else line["completion"]
        if not isinstance(code, str):
            raise TypeError(f"the program of {line['task_id']!r} is not text")
        name = problems.name_of(identifier)
        function = problems.problem(name).function if name is not None and name in problems else None
        if not is_whole and function is not None:
            code = function.starter_code + code
        others = {key: value for key, value in line.items() if key not in ("task_id", "solution", "completion")}
        yield identifier, {"solution": code, **others}


def _identifier(task: Any, problems: ProblemSet) -> str:
    """The id of a task, which may be its number alone, as in the rows of MBPP."""
    named = str(task)
    if not named.isdecimal() or problems.name_of(named) is not None:
        return named
    found = [each for each in (*problems.ids, *problems.left_out) if each.rpartition("/")[2] == named]
    return found[0] if len(found) == 1 else named


def from_folder(folder: Path, problems: ProblemSet) -> Iterator[tuple[str, dict[str, Any]]]:
    """Task id and sample of every program, by task and then by number."""
    for task in sorted(path for path in folder.iterdir() if path.is_dir()):
        whole = problems.name_of(task.name) or task.name in problems.left_out
        identifier = task.name if whole else task.name.replace("_", "/")
        for file in sorted(task.glob("*.py"), key=lambda path: (len(path.stem), path.stem)):
            yield identifier, {"solution": read_text(file), "sample": file.stem}
