"""Reading headroom: right programs in the answers of failed rollouts that the flow did not read.

Every answer with a program is read again in all known ways. Each reading, and each repair that costs no call, is run on
the public tests. Answers come from `RUN/traces`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from eval.data.problem_set import ProblemSet
from eval.numbers.criteria import passes
from eval.numbers.intervals import Estimate, share_by_problem
from eval.rollouts.rollout import Rollout
from eval.rollouts.trace_files import read_calls
from judge.judge import judge
from judge.shared import default_workers
from program.answers.programs import programs_in
from program.answers.syntax import same_program
from program.answers.thoughts import split_text
from program.answers.unreadable import NoAnswer
from program.bench.readings import candidates_of
from program.bench.workbench import Workbench
from program.problem import Problem
from program.rollout.trace import Call
from signatures.answer_fields import PROGRAM_FIELD

FIELDS = tuple(dict.fromkeys(PROGRAM_FIELD.values()))


@dataclass(frozen=True)
class ReadingHeadroom:
    """The headroom of one arm.

    failed: judged rollouts without a program, or with one that fails a public test.
    gained: share of these in which some reading or repair of an answer passes every public test.
    """

    failed: int
    gained: Estimate


def reading_headroom(run: Path, rollouts: Iterable[Rollout], problems: ProblemSet) -> ReadingHeadroom:
    """The headroom of the rollouts of one arm of a run.

    Raises:
        JudgeError: the judge failed.
    """
    failed = [each for each in rollouts if each.score and not (each.code.strip() and passes(each.score, "public"))]
    with ThreadPoolExecutor(default_workers()) as threads:
        found = list(threads.map(lambda each: _gains(run, each, problems.problem(each.problem)), failed))
    gained = Counter(each.problem for each, gains in zip(failed, found, strict=True) if gains)
    return ReadingHeadroom(len(failed), share_by_problem(gained, Counter(each.problem for each in failed)))


def _gains(run: Path, rollout: Rollout, problem: Problem) -> bool:
    if not problem.public_tests:
        return False
    calls = [each for each in read_calls(run, *rollout.key()) if each.stage in PROGRAM_FIELD]
    programs = dict.fromkeys(program for call in calls for program in readings_of(call, problem))
    return any(
        judge(each, problem.tests(), problem.limits(), checker=problem.checker(), stop_at_failure=True).all_passed
        for each in programs
    )


def program_meant(call: Call, programs: Sequence[str], problem: Problem) -> str | None:
    """The program of the rollout that the answer of a call contains; None if it contains none of them."""
    read = [each for name in FIELDS if (each := call.outputs.get(name))] or readings_of(call, problem)
    return next((code for each in read for code in programs if same_program(each, code)), None)


def readings_of(call: Call, problem: Problem) -> list[str]:
    """All readings of the answer of a call as a solution of `problem`, and the repairs of each."""
    bench = Workbench(problem)
    try:
        found = programs_in(split_text(call.answer, FIELDS).said, FIELDS, entry_point=bench.entry_point)
    except NoAnswer:
        return []
    return [each.code for each in candidates_of(found, bench)]
