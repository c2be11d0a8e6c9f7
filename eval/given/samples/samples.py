"""Read a file of programs, in whichever of the known formats it is, as lines with `name` and `solution`."""

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
    """The file of programs, or the one of results, cannot be used; one line that says why."""


@dataclass(frozen=True)
class Samples:
    """The programs of a file, in its order.

    Attributes:
        format: what the file was recognised as.
        lines: each with `name` (the problem's, as the data has it), `solution`, whatever else the file says, and
            `correct` where it says whether the program is right.
        skipped: programs for problems that are not selected, or that cannot be asked here.
    """

    format: str
    lines: list[Sample]
    skipped: int = 0


def read_samples(path: Path, problems: ProblemSet) -> Samples:
    """The programs for these problems.

    Args:
        path: JSON lines with `name` and `solution`; a file or folder of evalplus; a file of LiveCodeBench; a solution
            database of AlphaCodium.
        problems: the problems that are judged, or some of them; names and ids of the dataset are both understood.

    Raises:
        SolutionsError: no such file, no such format, or a problem that the split does not have.
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
                raise SolutionsError(f"{path}: a program for {identifier!r} is no text")
            lines.append({"name": known, **{key: value for key, value in sample.items() if key != "name"}})
        else:
            skipped += 1
    return Samples(name, lines, skipped)


def read_solutions(path: Path) -> list[Sample]:
    """The lines of a JSON-lines file, each with at least `name` and `solution`.

    Raises:
        SolutionsError: the file or a line of it is not like that.
    """
    return list(_own(path, _lines(path, _text(path))))


def _own(path: Path, lines: list[Any]) -> Iterator[Sample]:
    for number, line in enumerate(lines, 1):
        if not _has_texts(line, "name", "solution"):
            raise SolutionsError(f"{path}, line {number}, has no name and solution")
        yield line


def _recognise(path: Path, problems: ProblemSet) -> tuple[str, Iterator[tuple[str, Sample]]]:
    """What the file is, and its programs with the problem's name or id in the file."""
    if path.is_dir():
        return "folder of evalplus", evalplus_samples.from_folder(path, problems)
    text = _text(path)
    loaded = _whole(text)
    if isinstance(loaded, dict) and alphacodium_solutions.is_database(loaded):
        return "solution database of AlphaCodium", _checked(path, alphacodium_solutions.from_database(loaded, problems))
    lines = loaded if isinstance(loaded, list) else _lines(path, text)
    if not lines:
        raise SolutionsError(f"{path} holds no programs")
    if all(isinstance(line, list) for line in lines):
        raise SolutionsError(
            f"{path} holds lists that name no problem; of LiveCodeBench's two forms the one with question_id is read"
        )
    if _has_texts(lines[0], "name", "solution"):
        return "lines with name and solution", ((line.pop("name"), line) for line in _own(path, lines))
    if evalplus_samples.is_sample(lines[0]):
        return "samples of evalplus", _checked(path, evalplus_samples.from_lines(lines, problems))
    if livecodebench_output.is_output(lines[0]):
        return "output of LiveCodeBench", _checked(path, livecodebench_output.from_outputs(lines))
    raise SolutionsError(
        f"{path}, line 1, has no name and solution, nor task_id and solution, nor question_id and code_list"
    )


def _checked(path: Path, found: Iterator[tuple[str, Sample]]) -> Iterator[tuple[str, Sample]]:
    """`found`, of which only the first was looked at yet."""
    try:
        yield from found
    except ValueError as fault:
        raise SolutionsError(f"{path}: {fault}") from fault
    except (KeyError, TypeError, AttributeError) as fault:
        raise SolutionsError(f"{path}: a program is not like the first: {type(fault).__name__}: {fault}") from fault


def _has_texts(line: Any, *keys: str) -> bool:
    return isinstance(line, dict) and all(isinstance(line.get(key), str) for key in keys)


def _text(path: Path) -> str:
    return decoded(read_packed(path, MOST_DATA_BYTES), path)


def _whole(text: str) -> Any:
    """The text as one JSON value; None where it is several, or none."""
    try:
        return json_value(text, "", half_pairs=True)
    except InputError:
        return None


def _lines(path: Path, text: str) -> list[Any]:
    return [line for _, line in json_lines(text, path)]
