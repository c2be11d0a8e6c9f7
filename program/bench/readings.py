"""Chooses between several readings of an answer, and free repairs, by the public tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from program.answers.mends import completed, mended
from program.answers.programs import FoundProgram
from program.bench.workbench import Workbench
from program.rollout.context import trace
from program.rollout.decisions import ReadingChosen


@dataclass(frozen=True)
class ReadProgram:
    """A program that an answer may mean.

    reading: the number of the reading, from 1.
    repairs: labels of the repairs; empty for the reading itself.
    """

    code: str
    reading: int
    repairs: tuple[str, ...] = ()


def by_public_tests(bench: Workbench) -> Callable[[str, Sequence[FoundProgram]], str]:
    """`chosen` for this bench, in the form that a stage takes."""
    return lambda stage, programs: chosen(stage, programs, bench)


def chosen(stage: str, programs: Sequence[FoundProgram], bench: Workbench) -> str:
    """The reading that passes most public tests; among equals, the likelier one. If none passes all of them, it is
    repaired if a repair passes more. Code that the problem gives is added first if the answer lacks it. With one
    reading and nothing to repair, or without public tests, nothing is run.

    Args:
        stage: the stage of the answer.
        programs: its readings, the likeliest first; at least one.
        bench: contains the public tests.
    """
    plausible = [each for each in programs if each.plausible] or [*programs[:1]]
    candidates = candidates_of(plausible, bench)
    best, most = candidates[0], -1
    if not bench.public or len(candidates) == 1:
        return best.code
    for candidate in candidates:
        passed = bench.passed_public(candidate.code)
        if passed > most:
            best, most = candidate, passed
        if most == len(bench.public):
            break
    if best is not candidates[0] or len(plausible) > 1:
        trace().decide(
            ReadingChosen(
                stage=stage,
                readings=len(plausible),
                chosen=best.reading,
                repairs=best.repairs,
                passed=most,
                of=len(bench.public),
            )
        )
    return best.code


def candidates_of(programs: Sequence[FoundProgram], bench: Workbench) -> list[ReadProgram]:
    """The readings of an answer, completed with the code that the problem gives, and then the repairs of each."""
    read = [ReadProgram(completed(each.code, bench.starter), number) for number, each in enumerate(programs, 1)]
    return read + [
        ReadProgram(each.code, candidate.reading, each.labels)
        for candidate in read
        for each in mended(candidate.code, bench.entry_point, bench.arity)
    ]
