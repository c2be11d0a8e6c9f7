"""Do our verdicts on functions agree with those of evalplus' own harness?

    python -m benchmarks.judge.evalplus_harness DATA --split test [--run RUN] --evalplus PYTHON [--out FOLDER]

DATA is HumanEval+ or MBPP+ in the hub's layout, or evalplus' own JSON lines. Its canonical solutions, or the programs
and verdicts of a run of `eval.run` over it, are judged by both: by `judge`, and by `evalplus.evaluate` under the
interpreter PYTHON of an environment with the package (not one of our dependencies: `python3 -m venv E && E/bin/pip
install evalplus`).
evalplus gets a data file in its own form, made from ours. The hub's layouts do not mark the end of the base tests, so
there only the first input counts as base. The output is both counts, and every task with different verdicts.

The file `data.jsonl` can also be used for `--data`: then prompts are those of evalplus, with only one assert for MBPP.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.data.load import load_problems
from eval.data.problem_set import ProblemSet
from eval.options import path_name
from eval.rollouts.run_folder import read_rollouts
from eval.rollouts.score import score
from eval.tables.markdown import table
from judge.literals import arguments_of
from program.cli.command import run_command
from program.errors import UserError
from program.problem import Problem

DATASETS = {"HumanEval": ("humaneval", "HUMANEVAL_OVERRIDE_PATH"), "Mbpp": ("mbpp", "MBPP_OVERRIDE_PATH")}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.judge.evalplus_harness", description="Our verdicts next to those of evalplus."
    )
    parser.add_argument("data")
    parser.add_argument("--split", default="test")
    parser.add_argument(
        "--run",
        type=path_name,
        help="the programs and verdicts of this run (first samples), instead of canonical solutions",
    )
    parser.add_argument("--evalplus", required=True, help="an interpreter of an environment with evalplus")
    parser.add_argument("--out", type=path_name, default=Path("runs/evalplus"), help="folder for the two files")
    run_command(parser, _compare)


def _compare(options: argparse.Namespace) -> None:
    problems = load_problems(options.data, options.split)
    options.out.mkdir(parents=True, exist_ok=True)
    if options.run:
        first = [each for each in read_rollouts(options.run) if each.sample == 0 and each.problem in problems]
        programs = {each.problem: each.code for each in first}
        ours = {each.problem: each.status == "solved" for each in first}
    else:
        programs = {problem.name: problems.known(problem.name).right[0] for problem in problems.problems}
        ours = {name: score(code, problems.problem(name), problems).solved for name, code in programs.items()}
    theirs = _evalplus(problems, programs, options.out, options.evalplus)
    shared = [name for name in ours if name in theirs]
    print(f"{len(shared)} tasks; right by our judge {sum(ours[n] for n in shared)}, by evalplus", end=" ")
    print(sum(theirs[name] for name in shared))
    rows = [[name, *("right" if each[name] else "wrong" for each in (ours, theirs))] for name in shared]
    different = [row for row in rows if row[1] != row[2]]
    print(table(["task", "our judge", "evalplus"], different) if different else "The verdicts are the same.")


def _evalplus(problems: ProblemSet, programs: Mapping[str, str], folder: Path, python: str) -> dict[str, bool]:
    kind = next(iter(programs)).partition("/")[0]
    if kind not in DATASETS:
        raise UserError(f"{problems.data}: its tasks are neither HumanEval's nor MBPP's")
    dataset, variable = DATASETS[kind]
    data, samples = (folder / name for name in ("data.jsonl", "samples.jsonl"))
    rows = [_row(problems.problem(name), problems) for name in programs]
    data.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    lines = ({"task_id": name, "solution": code or "pass"} for name, code in programs.items())
    samples.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    command = [python, "-m", "evalplus.evaluate", "--dataset", dataset, "--samples", str(samples), "--i-just-wanna-run"]
    environment = {**os.environ, variable: str(data.resolve())}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise UserError(f"evalplus failed: {ended.stderr.strip().splitlines()[-1]}")
    results = json.loads((folder / "samples_eval_results.json").read_text())["eval"]
    return {
        name: all(tries[0][key] == "pass" for key in ("base_status", "plus_status")) for name, tries in results.items()
    }


def _row(problem: Problem, problems: ProblemSet) -> dict[str, Any]:
    """A problem in evalplus' own form."""
    function, hidden = problem.function, problems.hidden(problem.name)
    assert function is not None, "the set has functions"
    base, plus = [*problem.tests(), *hidden.private], list(hidden.generated)
    if not plus:  # the base tests are unknown
        base, plus = base[:1], base[1:]
    sets = [[_plain(arguments_of(test.input)[0]) for test in tests] for tests in (base, plus)]
    return {
        "task_id": problem.name,
        "prompt": function.starter_code or _docstring(problem, function.entry_point),
        "canonical_solution": problems.known(problem.name).right[0],
        "entry_point": function.entry_point,
        "base_input": sets[0],
        "plus_input": sets[1],
        "contract": "",
        "atol": function.tolerance or 0,
        "assertion": "",
        "test": "",
    }


def _docstring(problem: Problem, entry_point: str) -> str:
    """The description of an MBPP problem and its first example, in the form of evalplus."""
    examples = [f"assert {entry_point}({test.input}) == {test.output}\n" for test in problem.public_tests[:1]]
    return f'"""\n{problem.description}\n{"".join(examples)}"""\n'


def _plain(value: Any) -> Any:
    """A value in the form of evalplus' files; evalplus restores tuples, sets and complex numbers by the task's
    number."""
    if isinstance(value, list | tuple | set):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return str(value) if isinstance(value, complex) else value


if __name__ == "__main__":
    main()
