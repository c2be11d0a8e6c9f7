"""Were the tests right that the model wrote? Judged with the dataset's own right and wrong programs.

A test is valid when every known right program passes it. The tests of a rollout discriminate when known wrong
programs fail them. The tests are those the flow ran (`RUN/traces`); ones it wrote and never ran are not in there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from eval.data.problem_set import ProblemSet
from eval.numbers.criteria import judged_by_problem
from eval.numbers.intervals import Estimate, share_estimate
from eval.rollouts.rollout import Rollout
from eval.rollouts.trace_files import read_trace
from judge.judge import judge
from judge.shared import default_workers
from judge.verdict import TestCase
from program.rollout.trace import JudgeRun

PROGRAMS = 3  # right ones and wrong ones a problem, at most
CUT_AT = 2000  # characters; longer texts are not whole in a trace (`program.rollout.trace.TestRun`)


@dataclass(frozen=True)
class AITestQuality:
    """The AI tests of one arm.

    rollouts: that had any.
    tests: judged; cut: left out, as the trace holds only their beginning.
    valid: share of tests that every known right program passes.
    discriminating: share of the valid tests that some known wrong program fails.
    caught: of the known wrong programs, the share that fail a valid test of the rollout, a mean over rollouts.
    caught_by_public: the same for the public tests, to compare with.
    """

    rollouts: int
    tests: int
    cut: int
    valid: Estimate
    discriminating: Estimate
    caught: Estimate
    caught_by_public: Estimate


@dataclass(frozen=True)
class _Known:
    """What the known programs of one problem say: which tests are valid, and which wrong programs fail each."""

    valid: set[TestCase]
    caught: Mapping[TestCase, set[int]]
    wrong: int
    caught_by_public: int


def ai_test_quality(run: Path, rollouts: Iterable[Rollout], problems: ProblemSet) -> AITestQuality | None:
    """The quality of the AI tests in the traces of one arm; None where there are none to judge.

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
            whole = [test for test in tests if max(len(test.input), len(test.output)) < CUT_AT]
            cut += len(tests) - len(whole)
            if whole:
                written.setdefault(problem, []).append(whole)
    if not written:
        return None
    with ThreadPoolExecutor(default_workers()) as threads:
        told = dict(zip(written, threads.map(lambda name: _ask(name, written[name], problems), written), strict=True))
    return _quality(written, told, cut)


def _ai_tests(run: Path, rollout: Rollout) -> list[TestCase]:
    events = read_trace(run, *rollout.key())
    runs = [each for event in events if isinstance(event, JudgeRun) and event.tests == "ai" for each in event.runs]
    return list(dict.fromkeys(TestCase(each.input, each.expected) for each in runs))


def _ask(name: str, written: Sequence[Sequence[TestCase]], problems: ProblemSet) -> _Known:
    """Run the known programs on every test once."""
    problem, known = problems.problem(name), problems.known(name)
    tests = list(dict.fromkeys(test for tests in written for test in tests))
    valid, caught = set(tests), {test: set() for test in tests}
    for program in known.right[:PROGRAMS]:
        report = judge(program, tests, problem.limits(), checker=problem.checker())
        valid -= {test for test, result in zip(tests, report.results, strict=True) if not result.passed}
    by_public = 0
    for number, program in enumerate(known.wrong[:PROGRAMS]):
        report = judge(program, tests, problem.limits(), checker=problem.checker())
        for test, result in zip(tests, report.results, strict=True):
            if not result.passed:
                caught[test].add(number)
        public = judge(program, problem.tests(), problem.limits(), checker=problem.checker(), stop_at_failure=True)
        by_public += not public.all_passed
    return _Known(valid, caught, len(known.wrong[:PROGRAMS]), by_public)


def _quality(written: Mapping[str, list[list[TestCase]]], told: Mapping[str, _Known], cut: int) -> AITestQuality:
    tests = {name: sum(map(len, suites)) for name, suites in written.items()}
    valid = {
        name: [[test for test in suite if test in told[name].valid] for suite in written[name]] for name in written
    }
    right = {name: sum(map(len, suites)) for name, suites in valid.items()}
    sharp = {name: sum(bool(told[name].caught[test]) for suite in valid[name] for test in suite) for name in written}
    with_valid = [name for name in written if right[name]]
    return AITestQuality(
        rollouts=sum(map(len, written.values())),
        tests=sum(tests.values()),
        cut=cut,
        valid=share_estimate(list(right.values()), list(tests.values())),
        discriminating=share_estimate([sharp[name] for name in with_valid], [right[name] for name in with_valid]),
        caught=share_estimate(
            [sum(_caught(suite, told[name]) for suite in valid[name]) for name in written],
            [len(written[name]) * told[name].wrong for name in written],
        ),
        caught_by_public=share_estimate(
            [told[name].caught_by_public for name in written], [told[name].wrong for name in written]
        ),
    )


def _caught(suite: Sequence[TestCase], known: _Known) -> int:
    """How many of the wrong programs fail at least one of the tests."""
    return len(set().union(*(known.caught[test] for test in suite)))
