"""Read a file of programs in any known format as lines with `name` and `solution`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.data.problem_set import ProblemSet
from eval.given.samples import alphacodium_solutions, evalplus_samples, livecodebench_output
from program.errors import UserError
from program.input_files import MOST_DATA_BYTES, InputError, decoded, json_lines, json_value, read_packed

Sample = dict[str, Any]


class SolutionsError(UserError):
    """The file of programs or the file of results cannot be used. The message is one line with the reason."""


@dataclass(frozen=True)
class Samples:
    """The programs of a file, in its order.

    Attributes:
        format: the recognised format.
        lines: each with `name` (of the problem in the data), `solution`, all other fields of the file, and `correct` if
            the file says whether the program is right.
        skipped: number of programs for problems that are not selected or not supported.
    """

    format: str
    lines: list[Sample]
    skipped: int = 0


def read_samples(path: Path, problems: ProblemSet) -> Samples:
    """The programs for these problems.

    Args:
        path: JSON lines with `name` and `solution`; a file or folder of evalplus; a file of LiveCodeBench; a solution
            database of AlphaCodium.
        problems: the selected problems; the file may use names or ids of the dataset.

    Raises:
        SolutionsError: no such file, an unknown format, or a problem that is not in the split.
    """
    name, found = _recognise(path, problems)
    lines, skipped = [], 0
    for identifier, sample in found:
        if identifier in problems.left_out:
            skipped += 1
            continue
        known = problems.name_of(identifier)
        if known is None:
            raise SolutionsError(f"{path}: {problems.data} {problems.split} has no problem {identifier!r}")
        if known in problems:
            if not isinstance(sample["solution"], str):
                raise SolutionsError(f"{path}: a program for {identifier!r} is not text")
            lines.append({"name": known, **{key: value for key, value in sample.items() if key != "name"}})
        else:
            skipped += 1
    return Samples(name, lines, skipped)


def _own(path: Path, lines: list[Any]) -> Iterator[Sample]:
    for number, line in enumerate(lines, 1):
        if not _has_texts(line, "name", "solution"):
            raise SolutionsError(f"{path}, line {number} has no name and solution")
        yield line


def _recognise(path: Path, problems: ProblemSet) -> tuple[str, Iterator[tuple[str, Sample]]]:
    """The format of the file, and its programs with the problem's name or id in the file."""
    if path.is_dir():
        return "folder of evalplus", evalplus_samples.from_folder(path, problems)
    text = _text(path)
    loaded = _whole(text)
    if isinstance(loaded, dict) and alphacodium_solutions.is_database(loaded):
        return "solution database of AlphaCodium", _checked(path, alphacodium_solutions.from_database(loaded, problems))
    lines = loaded if isinstance(loaded, list) else _lines(path, text) if loaded is None else [loaded]
    if not lines:
        raise SolutionsError(f"{path} has no programs")
    if all(isinstance(line, list) for line in lines):
        raise SolutionsError(f"{path} has lists without problem names; use the form of LiveCodeBench with question_id")
    if _has_texts(lines[0], "name", "solution"):
        return "lines with name and solution", ((line.pop("name"), line) for line in _own(path, lines))
    if evalplus_samples.is_sample(lines[0]):
        return "samples of evalplus", _checked(path, evalplus_samples.from_lines(lines, problems))
    if livecodebench_output.is_output(lines[0]):
        return "output of LiveCodeBench", _checked(path, livecodebench_output.from_outputs(lines))
    raise SolutionsError(
        f"{path}, line 1 has neither name and solution, nor task_id and solution, nor question_id and code_list"
    )


def _checked(path: Path, found: Iterator[tuple[str, Sample]]) -> Iterator[tuple[str, Sample]]:
    """`found`, with errors for programs that differ in form from the first."""
    try:
        yield from found
    except ValueError as fault:
        raise SolutionsError(f"{path}: {fault}") from fault
    except (KeyError, TypeError, AttributeError) as fault:
        raise SolutionsError(
            f"{path}: a program has another form than the first: {type(fault).__name__}: {fault}"
        ) from fault


def _has_texts(line: Any, *keys: str) -> bool:
    return isinstance(line, dict) and all(isinstance(line.get(key), str) for key in keys)


def _text(path: Path) -> str:
    return decoded(read_packed(path, MOST_DATA_BYTES), path)


def _whole(text: str) -> Any:
    """The text as one JSON value; None if it is not exactly one."""
    try:
        return json_value(text, "", half_pairs=True)
    except InputError:
        return None


def _lines(path: Path, text: str) -> list[Any]:
    return [line for _, line in json_lines(text, path)]
