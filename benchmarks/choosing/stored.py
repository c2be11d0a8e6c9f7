"""Which way of choosing is best among programs of stored rollouts that pass the public tests?

    python -m benchmarks.choosing.stored [RUN …] [--arms ARM …]

For every model and dataset there are two tables: for single rollouts, and for all rollouts of a problem together, with
repeated programs. A table has only problems with at least two different programs that pass the public tests. Programs
are run again on public tests, hidden tests, and two kinds of further inputs: those of the rollouts' AI tests, and
public inputs with a change, which is small or, for a function, to a value at the edge of its type. Outputs that a model
claims are not used.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.choosing.cases import Case, choosing_table
from benchmarks.choosing.edge_inputs import edge_inputs
from benchmarks.choosing.selectors import chosen
from eval.data.problem_set import ProblemSet
from eval.options import add_arms, path_name
from eval.rejudged.reading_headroom import program_meant
from eval.rollouts.rollout import Rollout
from eval.rollouts.score import score
from eval.rollouts.stored_arms import StoredArm, data_text, problems_of, stored_arms
from eval.rollouts.trace_files import read_trace
from eval.simulated.changed_inputs import changed_inputs
from judge.judge import judge, run
from judge.shared import default_workers
from program.answers.syntax import same_program
from program.bench.ai_tests import is_like
from program.bench.behaviours import behaviours, group_sizes
from program.bench.workbench import TRACED_CHARACTERS
from program.cli.command import run_command
from program.cli.folders import RunName
from program.problem import Problem
from program.rollout.trace import Best, Call, JudgeRun, NewProgram, name_of
from signatures.answer_fields import PROGRAM_FIELD

RUNS = ("runs/strategies-0.5b", "runs/strategies-1.5b", "runs/replication-0.5b")
SECONDS = 1.0  # for a run on a further input; these inputs are small
AI, CHANGED, BOTH = "AI inputs", "changed inputs", "both"


@dataclass(frozen=True)
class Draws:
    """The programs of one or more rollouts on a problem.

    programs: in sampling order, including repeated ones (equal up to layout).
    inputs: of the AI tests that the rollouts ran.
    answer: the submitted program of the rollout; None for several rollouts.
    """

    problem: str
    programs: tuple[str, ...]
    inputs: tuple[str, ...]
    answer: str | None


def draws_of(run_folder: Path, rollout: Rollout, problem: Problem) -> Draws:
    """The sampled programs of a rollout, from its trace; without a trace, its submitted program.

    Raises:
        RunError: the trace is damaged.
    """
    events = read_trace(run_folder, *rollout.key())
    texts = {name_of(event.code): event.code for event in events if isinstance(event, Best | JudgeRun)}
    texts[name_of(rollout.code)] = rollout.code
    taken = [event.program for event in events if isinstance(event, NewProgram)] or [name_of(rollout.code)]
    programs = [texts[name] for name in dict.fromkeys(taken) if texts.get(name, "").strip()]
    asked = [event for event in events if isinstance(event, Call) and event.stage in PROGRAM_FIELD]
    answered = [program_meant(call, programs, problem) for call in asked]
    ran = [each for event in events if isinstance(event, JudgeRun) and event.tests == "ai" for each in event.runs]
    inputs = dict.fromkeys(each.input for each in ran if len(each.input) < TRACED_CHARACTERS)
    drawn = tuple(code for code in programs for _ in range(max(1, answered.count(code))))
    return Draws(rollout.problem, drawn, tuple(inputs), rollout.code)


def together(draws: Sequence[Draws]) -> Draws:
    """Several rollouts on one problem as one; programs that differ only in layout are the same program."""
    programs: list[str] = []
    for code in (code for each in draws for code in each.programs):
        programs.append(next((known for known in programs if same_program(code, known)), code))
    inputs = dict.fromkeys(text for each in draws for text in each.inputs)
    return Draws(draws[0].problem, tuple(programs), tuple(inputs), None)


def case_of(draws: Draws, problem: Problem, problems: ProblemSet) -> Case | None:
    """The choice among the draws that pass the public tests; None if these are fewer than two different programs.

    Raises:
        JudgeError: the judge failed.
    """
    tests, limits, checker = problem.tests(), problem.limits(), problem.checker()
    passing = [
        code
        for code in dict.fromkeys(draws.programs)
        if judge(code, tests, limits, checker=checker, stop_at_failure=True).all_passed
    ]
    if len(passing) < 2:
        return None
    right = {code: score(code, problem, problems).solved for code in passing}
    public = [test.input for test in problem.public_tests]
    made = dict.fromkeys([*changed_inputs(problem), *edge_inputs(problem)])
    kinds = {AI: [*draws.inputs], CHANGED: [text for text in made if is_like(text, public, problem.function)]}
    short = replace(limits, seconds=min(SECONDS, limits.seconds))
    sampled = [passing.index(code) for code in draws.programs if code in right]
    found = {}
    for kind, inputs in kinds.items():
        done = [run(code, inputs, short, checker=checker) for code in passing]
        found[kind] = behaviours(done, checker)[sampled]
    found[BOTH] = np.concatenate([*found.values()], axis=1)
    rows = np.array([right[passing[place]] for place in sampled])
    if draws.answer is None:  # sampling's rule
        today = bool(rows[chosen(group_sizes(found[AI]))])
    else:
        today = score(draws.answer, problem, problems).solved
    return Case(draws.problem, rows, found, today)


def report(runs: Sequence[Path], arms: Sequence[str] | None) -> str:
    """The tables of all models and data sets of some runs, as Markdown.

    Raises:
        RunError, DataError, JudgeError: a run or its data cannot be read, or the judge failed.
    """
    groups: dict[tuple[str, ...], list[StoredArm]] = defaultdict(list)
    for folder in runs:
        for arm in stored_arms([folder]):
            if not arms or arm.name in arms:
                groups[arm.config["lm"], data_text(arm.config), arm.config["data_fingerprint"]].append(arm)
    parts = []
    for (model, data, _), own in groups.items():
        problems = problems_of(own[0])
        single = [
            draws_of(arm.run, each, problems.problem(each.problem))
            for arm in own
            for each in arm.rollouts
            if each.score
        ]
        by_problem: dict[str, list[Draws]] = defaultdict(list)
        for each in single:
            by_problem[each.problem].append(each)
        pooled = [together(each) for each in by_problem.values()]
        parts.append(f"{model} on {data}: {', '.join(dict.fromkeys(arm.name for arm in own))}")
        for title, draws in (("rollouts", single), ("problems, all draws together", pooled)):
            parts += _part(title, draws, problems)
    return "\n\n".join(parts)


def _part(title: str, draws: Sequence[Draws], problems: ProblemSet) -> Iterable[str]:
    with ThreadPoolExecutor(default_workers()) as threads:
        found = threads.map(lambda each: case_of(each, problems.problem(each.problem), problems), draws)
        cases = [case for case in found if case]
    contested = [case for case in cases if case.contested]
    differ = " and ".join(f"on the {kind} in {sum(each.differ(kind) for each in contested)}" for kind in (AI, CHANGED))
    yield (
        f"{len(draws)} {title}: in {len(cases)} at least two different programs pass the public tests, in "
        f"{len(contested)} of these some are right and some wrong. A right and a wrong one behave differently {differ} "
        "of them."
    )
    if cases:
        yield choosing_table(cases)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.choosing.stored", description="Ways to choose among programs of stored rollouts."
    )
    parser.add_argument("runs", nargs="*", type=path_name, action=RunName, help="folders written by eval.run")
    add_arms(parser)
    run_command(parser, lambda options: print(report(options.runs or [*map(Path, RUNS)], options.arms)))


if __name__ == "__main__":
    main()
