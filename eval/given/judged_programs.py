"""Judge the programs of a file, and compare the verdicts with the labels in the file."""

from __future__ import annotations

import argparse
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from eval.cluster.execution import judging_on
from eval.data.problem_set import ProblemSet
from eval.data.rules import Rules
from eval.data.selected import load_selected
from eval.given.imported_run import write_run
from eval.given.judged_in_threads import judged_in_threads
from eval.given.judged_lines import conditions_of, key_of_line, open_results, without_results
from eval.given.samples.samples import Sample, Samples, SolutionsError, read_samples
from judge.judge import judge
from judge.verdict import FaultyProblem, JudgeError
from program.cli.output import say_next


def judge_solutions(options: argparse.Namespace) -> None:
    """Judge every program of `options.solutions` into a JSON-lines file or a run; see `eval.judge` for the options.

    Raises:
        DataError, ExecutorError, SolutionsError, RunError: invalid input.
        JudgeError: the judge failed on some programs, which are stored as not judged; the others are judged.
    """
    if options.run is None and (options.arm_field or options.missing != "leave-out"):
        raise SolutionsError("--arm-field and --missing need --run")
    if options.run is None and options.out.resolve() == options.solutions.resolve():
        raise SolutionsError(f"{options.out} is the file of programs; choose another file for the results")
    problems = load_selected(options, scored=options.run is not None).judged_by(Rules(checker=options.checker))
    samples = read_samples(options.solutions, problems)
    print(recognised(options.solutions, samples))
    if not samples.lines:
        raise SolutionsError(f"{options.solutions} has no program for these problems")
    with judging_on(options):
        if options.run is not None:
            write_run(options, problems, samples)
            say_next(command=["eval.show", options.run])
        else:
            write_lines(options.out, problems, samples.lines, full=options.full)


def recognised(path: Path, samples: Samples) -> str:
    """The recognised format and content of a file, in one line."""
    problems = len({line["name"] for line in samples.lines})
    skipped = f"; {samples.skipped} for other problems are skipped" if samples.skipped else ""
    return f"{path.name} ({samples.format}): {len(samples.lines)} programs for {problems} problems{skipped}"


def write_lines(out: Path, problems: ProblemSet, lines: list[Sample], *, full: bool = False) -> None:
    """Judge every program and append its line to `out` when it ends. Programs judged there already are skipped.

    Raises:
        SolutionsError: `out` has results under other conditions, or is not a file of results.
        JudgeError: some programs were not judged.
    """
    results = open_results(out, problems, full=full)
    done = Counter(map(key_of_line, results.values()))
    left = []
    for line in map(without_results, lines):
        key = key_of_line(line)
        if done[key]:
            done[key] -= 1
        else:
            left.append(line)
    examine = partial(judged, problems=problems, full=full)
    for line in judged_in_threads(examine, left, total=len(lines), unit="program"):
        results.append(line)
    wanted = Counter(map(key_of_line, map(without_results, lines)))
    there = []
    for line in results.values():  # the file may have results of other programs too
        if wanted[key := key_of_line(line)]:
            wanted[key] -= 1
            there.append(line)
    print(agreement(there))
    lost = [line for line in there if line["status"] == "not judged" and not line["tests"]["run"]]
    if lost:
        faulty = all(line["error"].startswith(FaultyProblem.__name__) for line in lost)
        then = "eval.audit finds such problems, and --exclude leaves them out" if faulty else "run the command again"
        raise JudgeError(f"{len(lost)} of {len(there)} programs were not judged ({lost[0]['error']}); {then}")


def judged(line: Sample, problems: ProblemSet, *, full: bool = False) -> dict[str, Any]:
    """The line with the added fields (`eval.given.judged_lines.ADDED`); only `error` may be missing.

    `status` is solved, failed or not judged. `passed` is None if not judged; `verdict` is None if the judge failed.
    `tests` counts the tests run and passed; `seconds` is the program's CPU time on them; `isolation` names the
    protection.

    If a problem has no hidden tests, a program that passes the public tests is not judged.
    """
    problem = problems.problem(line["name"])
    hidden = problems.hidden(problem.name).all()
    checker = problems.checker_for(problem)
    result: dict[str, Any] = {
        **line,
        **{"status": "not judged", "passed": None, "verdict": None},
        **{"tests": {"run": 0, "passed": 0}, "seconds": 0.0, "isolation": ""},
        **conditions_of(problems, checker.name, full=full),
    }
    if not line["solution"].strip():
        return {**result, "status": "failed", "passed": False, "verdict": "CE", "error": "there is no program"}
    try:
        program = problems.with_prelude(line["solution"])
        tests, limits = [*problem.tests(), *hidden], problems.rules.limits_for(problem)
        report = judge(program, tests, limits, stop_at_failure=not full, checker=checker)
    except JudgeError as fault:
        return {**result, "error": f"{type(fault).__name__}: {fault}"}
    result["verdict"], result["isolation"] = report.verdict.value, report.isolation
    result["tests"] = {"run": len(report.results), "passed": report.passed}
    result["seconds"] = round(sum(each.cpu_seconds for each in report.results), 4)
    if report.all_passed and not hidden:
        return {**result, "error": f"there are no hidden tests; it passes the {report.total} public ones"}
    return {**result, "status": "solved" if report.all_passed else "failed", "passed": report.all_passed}


def agreement(lines: list[dict[str, Any]]) -> str:
    """How many programs passed, and how often the verdicts agree with the labels `correct`, if there are any."""
    decided = [line for line in lines if line["passed"] is not None]
    passed = sum(line["passed"] for line in decided)
    unknown = f"; {len(lines) - len(decided)} were not judged" if len(decided) < len(lines) else ""
    said = [f"{passed} of {len(decided)} programs passed{unknown}"]
    labelled = [line for line in decided if isinstance(line.get("correct"), bool)]
    if labelled:
        agreed = sum(line["passed"] == line["correct"] for line in labelled)
        accepted = sum(line["passed"] and line["correct"] for line in labelled)
        rejected = sum(not line["passed"] and not line["correct"] for line in labelled)
        right = sum(line["correct"] for line in labelled)
        said.append(f"right accepted {accepted} / {right}, wrong rejected {rejected} / {len(labelled) - right}")
        said.append(f"agreement with the labels: {agreed} / {len(labelled)} ({agreed / len(labelled):.1%})")
    return "\n".join(said)
