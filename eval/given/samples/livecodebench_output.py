"""Output files of LiveCodeBench: a JSON list with one object per problem.

Source: its readme ("Custom Evaluation") and its output writer. `question_id` and `code_list` are required. Evaluated
    files also have `graded_list`: whether each program is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def is_output(line: Any) -> bool:
    """Whether this looks like the programs for one problem."""
    return isinstance(line, dict) and "question_id" in line and isinstance(line.get("code_list"), list)


def from_outputs(lines: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Question id and sample of every program."""
    for line in lines:
        codes, grades = line["code_list"], line.get("graded_list") or [None] * len(line["code_list"])
        if len(codes) != len(grades):
            raise ValueError(f"{line['question_id']} has {len(codes)} programs and {len(grades)} grades")
        for code, grade in zip(codes, grades, strict=True):
            sample = {"solution": code or ""}
            yield str(line["question_id"]), sample if grade is None else {**sample, "correct": bool(grade)}
