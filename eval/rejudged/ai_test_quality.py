"""The quality of the tests that the model wrote, measured with the dataset's own right and wrong programs.

A test is valid if every known right program passes it. The tests of a rollout discriminate if known wrong programs fail
them. Only tests that the flow ran count (`RUN/traces`); traces lack tests that were never run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from eval.data.problem_set import ProblemSet
from eval.numbers.criteria import judged_by_problem
from eval.numbers.intervals import Estimate, share_estimate
from eval.rollouts.rollout import Rollout
from eval.rollouts.trace_files import read_trace
from judge.judge import judge
from judge.shared import default_workers
from judge.verdict import TestCase
from program.bench.ai_tests import can_be_expected
from program.bench.workbench import TRACED_CHARACTERS
from program.rollout.trace import JudgeRun

PROGRAMS = 3  # at most, right and wrong each, per problem


@dataclass(frozen=True)
class AITestQuality:
    """The AI tests of one arm.

    rollouts: those with AI tests.
    tests: judged; cut: left out, because the trace has only their beginning.
    valid: share of tests that every known right program passes.
    discriminating: share of the valid tests that some known wrong program fails.
    caught: share of the known wrong programs that fail a valid test of the rollout, averaged over rollouts.
    caught_by_public: the same for the public tests, for comparison.
    """

    rollouts: int
    tests: int
    cut: int
    valid: Estimate
    discriminating: Estimate
    caught: Estimate
    caught_by_public: Estimate


@dataclass(frozen=True)
class _KnownVerdicts:
    """Results of the known programs of one problem: the valid tests, the tests that each wrong program fails, and how
    many wrong programs the public tests catch."""

    valid: set[TestCase]
    failed_by_wrong: list[set[TestCase]]
    caught_by_public: int


def ai_test_quality(run: Path, rollouts: Iterable[Rollout], problems: ProblemSet) -> AITestQuality | None:
    """The quality of the AI tests in the traces of one arm; None if there are none to judge.

    Problems without a known right and a known wrong program in Python 3 are left out.

    Raises:
        JudgeError: the judge failed.
    """
    written: dict[str, list[list[TestCase]]] = {}
    cut = 0
    for problem, samples in judged_by_problem(rollouts).items():
        known = problems.known(problem)
        if not known.right or not known.wrong:
            continue
        for sample in samples:
            tests = _ai_tests(run, sample)
            whole = [test for test in tests if max(len(test.input), len(test.output)) < TRACED_CHARACTERS]
            cut += len(tests) - len(whole)
            if whole:
                written.setdefault(problem, []).append(whole)
    if not written:
        return None
    with ThreadPoolExecutor(default_workers()) as threads:
        said = dict(zip(written, threads.map(lambda name: _ask(name, written[name], problems), written), strict=True))
    return _quality(written, said, cut)


def _ai_tests(run: Path, rollout: Rollout) -> list[TestCase]:
    events = read_trace(run, *rollout.key())
    runs = [each for event in events if isinstance(event, JudgeRun) and event.tests == "ai" for each in event.runs]
    return list(dict.fromkeys(TestCase(each.input, each.expected) for each in runs))


def _ask(name: str, written: Sequence[Sequence[TestCase]], problems: ProblemSet) -> _KnownVerdicts:
    """Run the known programs on every test once."""
    problem, known = problems.problem(name), problems.known(name)
    every = dict.fromkeys(test for tests in written for test in tests)
    tests = [test for test in every if can_be_expected(test.output, problem.function)]  # the others are not valid
    ask = partial(judge, limits=problem.limits(), checker=problem.checker())

    def failed(program: str) -> set[TestCase]:
        results = ask(program, tests).results
        return {test for test, result in zip(tests, results, strict=True) if not result.passed}

    wrong = known.wrong[:PROGRAMS]
    return _KnownVerdicts(
        valid=set(tests).difference(*map(failed, known.right[:PROGRAMS])),
        failed_by_wrong=[failed(program) for program in wrong],
        caught_by_public=sum(not ask(each, problem.tests(), stop_at_failure=True).all_passed for each in wrong),
    )


def _quality(
    written: Mapping[str, list[list[TestCase]]], said: Mapping[str, _KnownVerdicts], cut: int
) -> AITestQuality:
    """Compute all shares as means over problems."""
    tests, valid, sharp, caught, tried = [], [], [], [], []
    for name, suites in written.items():
        known = said[name]
        sound = [[test for test in suite if test in known.valid] for suite in suites]
        tests.append(sum(map(len, suites)))
        valid.append(sum(map(len, sound)))
        sharp.append(sum(any(test in failed for failed in known.failed_by_wrong) for suite in sound for test in suite))
        caught.append(sum(not failed.isdisjoint(suite) for suite in sound for failed in known.failed_by_wrong))
        tried.append(len(known.failed_by_wrong))
    with_valid = [place for place, count in enumerate(valid) if count]
    return AITestQuality(
        rollouts=sum(map(len, written.values())),
        tests=sum(tests),
        cut=cut,
        valid=share_estimate(valid, tests),
        discriminating=share_estimate([sharp[place] for place in with_valid], [valid[place] for place in with_valid]),
        caught=share_estimate(caught, [len(written[name]) * wrong for name, wrong in zip(written, tried, strict=True)]),
        caught_by_public=share_estimate([said[name].caught_by_public for name in written], tried),
    )
