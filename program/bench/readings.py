"""Chooses between several readings of an answer, and repairs that cost no call, by the public tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from program.answers.mends import completed, mended, with_names_bound
from program.answers.programs import ANOTHER_IS_WHOLE, NO_ENTRY, OTHER_TAG, UNDEFINED, FoundProgram
from program.bench.workbench import Workbench
from program.rollout.context import trace
from program.rollout.decisions import ReadingChosen

# With these doubts a reading is tried if nothing else passes. With others, such as that it reads no input, a program
# that only prints the output of an example would pass.
TRIED = {UNDEFINED, NO_ENTRY, OTHER_TAG, ANOTHER_IS_WHOLE}


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
    repaired if a repair passes more. Code that the problem gives, and imports of names that are bound nowhere, are
    added first if the answer lacks them. With one reading and nothing to repair, nothing is run. Without public tests,
    the likeliest reading is repaired: every repair has its evidence in the program.

    Args:
        stage: the stage of the answer.
        programs: its readings, the likeliest first; at least one.
        bench: contains the public tests.
    """
    plausible = [each for each in programs if each.plausible] or [*programs[:1]]
    candidates = candidates_of(plausible, bench)
    if not bench.public:
        return [each for each in candidates if each.reading == 1][-1].code
    doubtful = [each for each in programs if each not in plausible and {*each.doubts} <= TRIED]
    best, most = candidates[0], -1
    if len(candidates) == 1 and not doubtful and not best.repairs:
        return best.code
    for candidate in candidates:
        passed = bench.passed_public(candidate.code)
        if passed > most:
            best, most = candidate, passed
        if most == len(bench.public):
            break
    else:  # readings with evidence against them count only if they pass everything
        for candidate in candidates_of(doubtful, bench, len(plausible)):
            if bench.passes_all_public(candidate.code):
                best, most = candidate, len(bench.public)
                break
    if best is not candidates[0] or len(plausible) > 1 or best.repairs:
        trace().decide(
            ReadingChosen(
                stage=stage,
                readings=max(len(plausible), best.reading),
                chosen=best.reading,
                repairs=best.repairs,
                passed=most,
                of=len(bench.public),
            )
        )
    return best.code


def candidates_of(programs: Sequence[FoundProgram], bench: Workbench, before: int = 0) -> list[ReadProgram]:
    """The readings of an answer, completed with the code that the problem gives and with imports, and then the repairs
    of each.

    Args:
        programs: the readings.
        bench: of the problem.
        before: the number of readings before these.
    """
    read = []
    for number, each in enumerate(programs, before + 1):
        bound = with_names_bound(completed(each.code, bench.starter))
        read.append(ReadProgram(bound.code, number, bound.labels))
    return read + [
        ReadProgram(each.code, candidate.reading, (*candidate.repairs, *each.labels))
        for candidate in read
        for each in mended(candidate.code, bench.entry_point, bench.arity)
    ]
