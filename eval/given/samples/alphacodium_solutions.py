"""AlphaCodium's solution database: a JSON object {split: {problem: {"iteration_0": {"solution": …, counts}, …}}}.

Source: its public solver and evaluator of datasets. Problems are numbered by their place in the split of *its*
processed dataset, so `--data` should be that one. An iteration that gave no program is empty; its own evaluator leaves
such iterations out, here they are programs that fail. It stops at the first iteration that passes all hidden tests, so
of its samples only "solved by any of them" may be read, not the rate of a single one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eval.data.problem_set import ProblemSet

_SETS = ("private", "generate")


def is_database(loaded: dict[str, Any]) -> bool:
    """Whether this looks like a database: its first problem, if any, has iterations."""
    splits = list(loaded.values())
    if not splits or not all(isinstance(split, dict) for split in splits):
        return False
    iterations = [problem for split in splits for problem in split.values()]
    return all(isinstance(each, dict) and all(key.startswith("iteration_") for key in each) for each in iterations)


def from_database(loaded: dict[str, Any], problems: ProblemSet) -> Iterator[tuple[str, dict[str, Any]]]:
    """Problem name and sample of every iteration of this split.

    Raises:
        ValueError: the database does not have the split, or counts other tests than the data has.
    """
    if problems.split not in loaded:
        raise ValueError(f"it has no split {problems.split}, only {', '.join(loaded)}")
    names = list(problems.ids.values())
    for key, iterations in loaded[problems.split].items():
        name = key
        if problems.name_of(key) is None and key.isdecimal() and int(key) < len(names):
            name = names[int(key)]
        for number, iteration in sorted(iterations.items(), key=lambda item: int(item[0].removeprefix("iteration_"))):
            iteration = iteration or {}
            _refuse_other_tests(key, name, iteration, problems)
            sample = {"solution": iteration.get("solution") or "", "sample": number}
            yield name, {**sample, "correct": _is_right(iteration)} if "test_passed_private" in iteration else sample


def _counted(iteration: dict[str, Any], kind: str) -> int:
    return sum(iteration.get(f"test_{what}_{kind}") or 0 for what in ("passed", "failed", "timeout"))


def _is_right(iteration: dict[str, Any]) -> bool:
    """AlphaCodium's own rule: hidden tests were run and none of them failed."""
    passed = sum(iteration.get(f"test_passed_{kind}") or 0 for kind in _SETS)
    return 0 < passed == sum(_counted(iteration, kind) for kind in _SETS)


def _refuse_other_tests(key: str, name: str, iteration: dict[str, Any], problems: ProblemSet) -> None:
    """Numbers that are taken from another dataset show in tests that the problem does not have."""
    if problems.name_of(name) is None:
        return
    hidden = problems.hidden(name)
    for kind, tests in (("private", hidden.private), ("generate", hidden.generated)):
        if _counted(iteration, kind) > len(tests):
            raise ValueError(
                f"problem {key} was run on {_counted(iteration, kind)} {kind} tests, but {name!r} has {len(tests)}: "
                "the numbers are those of another dataset"
            )
