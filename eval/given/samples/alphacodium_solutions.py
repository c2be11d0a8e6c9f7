"""AlphaCodium's solution database: a JSON object {split: {problem: {"iteration_0": {"solution": …, counts}, …}}}.

Source: its public solver and evaluator of datasets. Problems are numbered by their position in the split of *its*
    processed dataset, so `--data` should be that dataset. An iteration without a program is empty: AlphaCodium's
    evaluator leaves such iterations out; here they are failed programs. AlphaCodium stops at the first iteration that
    passes all hidden tests, so only "solved by any sample" is meaningful, not the rate of a single sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eval.data.problem_set import ProblemSet

_SETS = ("private", "generate")


def is_database(loaded: dict[str, Any]) -> bool:
    """Whether this looks like a solution database: its first problem, if any, has iterations."""
    splits = list(loaded.values())
    if not splits or not all(isinstance(split, dict) for split in splits):
        return False
    iterations = [problem for split in splits for problem in split.values()]
    return all(isinstance(each, dict) and all(key.startswith("iteration_") for key in each) for each in iterations)


def from_database(loaded: dict[str, Any], problems: ProblemSet) -> Iterator[tuple[str, dict[str, Any]]]:
    """Problem name and sample of every iteration of this split.

    Raises:
        ValueError: the database lacks the split, or its test counts differ from the data.
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
    """Refuse problem numbers of another dataset: the problem then has other numbers of tests."""
    if problems.name_of(name) is None:
        return
    hidden = problems.hidden(name)
    for kind, tests in (("private", hidden.private), ("generate", hidden.generated)):
        if _counted(iteration, kind) > len(tests):
            raise ValueError(
                f"problem {key} was run on {_counted(iteration, kind)} {kind} tests, but {name!r} has {len(tests)}: "
                "the problem numbers belong to another dataset"
            )
