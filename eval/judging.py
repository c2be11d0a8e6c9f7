"""Programs from a file, judged one after the other, with what the labels in the file say beside it."""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tqdm import tqdm

from eval.data import ProblemSet, load_problems, read_exclusions
from eval.run_folder import drop_torn_line
from judge.checker import DEEPMIND
from judge.judge import judge
from judge.shared import ended_on_error, set_default_sandbox

ADDED = ("passed", "verdict", "tests", "seconds")


class SolutionsError(ValueError):
    """The file of programs, or the one of results, cannot be used; one line that says why."""


def judge_solutions(options: argparse.Namespace) -> None:
    """Judge every program of `options.solutions` and append its line to `options.out`; see `eval.judge`.

    Raises:
        DataError, SolutionsError: bad input.
        JudgeError: the judge failed; what is judged is stored.
    """
    problems = load_problems(options.data, options.split)
    left_out = read_exclusions(options.exclude) if options.exclude else set()
    solutions = [each for each in read_solutions(options.solutions) if each["name"] not in left_out]
    unknown = sorted({each["name"] for each in solutions} - {problem.name for problem in problems.problems})
    if unknown:
        raise SolutionsError(f"{options.solutions}: {options.data} {options.split} has no problem {unknown[0]!r}")
    pool = set_default_sandbox(options.sandbox)
    drop_torn_line(options.out)
    done = Counter(_key(line) for line in read_solutions(options.out)) if options.out.is_file() else Counter()
    left = []
    for solution in solutions:
        if done[_key(solution)]:
            done[_key(solution)] -= 1
        else:
            left.append(solution)
    with (
        options.out.open("a") as out,
        ThreadPoolExecutor(pool.workers) as threads,
        ended_on_error(),
        tqdm(total=len(solutions), initial=len(solutions) - len(left), unit="program", mininterval=2) as bar,
    ):
        for line in threads.map(lambda solution: _judged(solution, problems, options), left):
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()
            os.fsync(out.fileno())
            bar.update()
    print(agreement(read_solutions(options.out)))


def agreement(lines: list[dict[str, Any]]) -> str:
    """How many programs passed, and how the verdicts agree with the labels `correct` where there are any."""
    passed = sum(line["passed"] for line in lines)
    said = [f"{passed} of {len(lines)} programs passed"]
    labelled = [line for line in lines if isinstance(line.get("correct"), bool)]
    if labelled:
        agreed = sum(line["passed"] == line["correct"] for line in labelled)
        accepted = sum(line["passed"] and line["correct"] for line in labelled)
        rejected = sum(not line["passed"] and not line["correct"] for line in labelled)
        right = sum(line["correct"] for line in labelled)
        said.append(f"right accepted {accepted} / {right}, wrong rejected {rejected} / {len(labelled) - right}")
        said.append(f"agreement with the labels: {agreed} / {len(labelled)} ({agreed / len(labelled):.1%})")
    return "\n".join(said)


def _judged(solution: dict[str, Any], problems: ProblemSet, options: argparse.Namespace) -> dict[str, Any]:
    problem = problems.problem(solution["name"])
    tests = [*problem.tests(), *problems.hidden(problem.name).all()]
    checker = DEEPMIND if options.checker == "deepmind" else problem.checker()
    report = judge(solution["solution"], tests, problem.limits(), stop_at_failure=not options.full, checker=checker)
    return {
        **solution,
        "passed": report.all_passed,
        "verdict": report.verdict.value,
        "tests": {"run": len(report.results), "passed": report.passed},
        "seconds": round(sum(result.cpu_seconds for result in report.results), 4),
    }


def _key(line: dict[str, Any]) -> str:
    return json.dumps({key: value for key, value in line.items() if key not in ADDED}, sort_keys=True)


def read_solutions(path: Path) -> list[dict[str, Any]]:
    """The lines of a JSON-lines file, each with at least `name` and `solution`.

    Raises:
        SolutionsError: the file or a line of it is not like that.
    """
    try:
        text = path.read_text()
    except OSError as fault:
        raise SolutionsError(f"{path} cannot be read: {fault.strerror}") from fault
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            loaded = json.loads(line)
        except ValueError as fault:
            raise SolutionsError(f"{path}, line {number}, is not JSON: {fault}") from fault
        if not isinstance(loaded, dict) or not all(isinstance(loaded.get(key), str) for key in ("name", "solution")):
            raise SolutionsError(f"{path}, line {number}, has no name and solution")
        lines.append(loaded)
    return lines
