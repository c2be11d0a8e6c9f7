"""Judge one program on a list of tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from judge.cache import VerdictCache, default_cache
from judge.checker import STRICT, Checker
from judge.checkers.checker_program import AnyChecker
from judge.checkers.checking import is_right
from judge.literals import NoLiteral
from judge.order import FailureHistory, fingerprint_of
from judge.place import default_place
from judge.sandbox.pool import Pool
from judge.sandbox.process import PlainRun
from judge.sandbox.session import Session
from judge.shared import default_pool
from judge.verdict import FaultyProblem, JudgeError, Limits, Report, TestCase, TestResult, Verdict

_history = FailureHistory()
_VIEWS = {"sets": "set", "truth": "bool"}  # by comparison; see `judge.calling`


def judge(
    program: str,
    tests: Sequence[TestCase],
    limits: Limits,
    *,
    stop_at_failure: bool = False,
    max_timeouts: int | None = None,
    texts: bool = True,
    checker: AnyChecker = STRICT,
    pool: Pool | None = None,
    cache: VerdictCache | None = None,
    in_order: bool = False,
) -> Report:
    """Run `program` (Python source) on the tests, each in a fresh process, and compare its output with the expected
    one. If the checker names a function, compare the value that the function returns.

    Thread-safe. All threads share the processes of the pool, first come, first served.

    Args:
        program: the source text; a program that does not compile gets CE on every test.
        tests: inputs and expected outputs; expected outputs never leave this process.
        limits: for each single test.
        stop_at_failure: skip the tests after the first failure.
        max_timeouts: skip the tests after this number of timeouts.
        texts: False for results without outputs and error texts, which can be megabytes per test.
        checker: the comparison rule, or the checker program of the problem.
        pool: where to run; by default the shared pool, or the place set with `judge.place`.
        cache: the cache of reports to use; by default the one set with `set_default_cache`.
        in_order: with `stop_at_failure`, run the tests in the given order, not the likeliest to fail first.

    Raises:
        JudgeError: the judge failed, so there is no verdict.
    """
    place = default_place() if pool is None else None
    cache = cache if cache is not None else default_cache()
    options: dict[str, Any] = {
        "stop_at_failure": stop_at_failure,
        "max_timeouts": max_timeouts,
        "texts": texts,
        "in_order": in_order,
    }
    key = ""
    if cache is not None:
        key = VerdictCache.key(
            program, fingerprint_of(tests), limits, f"{checker!r} {checker.name}", tuple(options.values())
        )
        known = cache.get(key)
        if known is not None:
            return known
    try:
        judged = partial(_judge_in, pool or default_pool()) if place is None else place.judge
        report = judged(program, tests, limits, checker=checker, **options)
    except (OSError, MemoryError) as fault:  # of this process, not of the program: no files or memory left
        raise JudgeError(f"the judge failed: {type(fault).__name__}: {fault}") from fault
    if cache is not None:
        cache.put(key, report)
    return report


def run(
    program: str, inputs: Sequence[str], limits: Limits, *, checker: Checker = STRICT, pool: Pool | None = None
) -> list[TestResult]:
    """Run `program` on inputs and compare nothing: every run that ends normally is accepted.

    Args:
        program, limits, pool: see `judge`.
        inputs: texts for standard input, or arguments if the checker names a function.
        checker: names the function to call; by default there is none.

    Raises:
        JudgeError: see `judge`.
    """
    tests = [TestCase(text, "") for text in inputs]
    return judge(program, tests, limits, checker=checker.without_comparison(), pool=pool).results if tests else []


def _judge_in(
    pool: Pool,
    program: str,
    tests: Sequence[TestCase],
    limits: Limits,
    *,
    stop_at_failure: bool,
    max_timeouts: int | None,
    texts: bool,
    checker: AnyChecker,
    in_order: bool,
) -> Report:
    """Run the program in this process's pool and return the report."""
    for index, test in enumerate(tests):
        if not test.output.isascii():
            _check_text(test.output, index)
    reorder = stop_at_failure and not in_order and len(tests) > 1
    prints = fingerprint_of(tests) if reorder else ""
    results: list[TestResult] = []
    timeouts = 0
    with Session(pool, program, _entry_point(checker)) as session:
        fault = session.compile(limits)
        if fault is not None:
            results = [TestResult(fault.verdict, error=fault.text, index=index) for index in range(len(tests))]
            results = results[:1] if stop_at_failure else results
        else:
            for index in _history.order(prints, tests) if reorder else range(len(tests)):
                test = tests[index]
                result = _result(session, test, limits, checker, index)
                results.append(result if texts else replace(result, output="", error=""))
                if stop_at_failure and not results[-1].passed:
                    if reorder:
                        _history.add(prints, index)
                    break
                timeouts += results[-1].verdict is Verdict.TLE
                if timeouts == max_timeouts:
                    break
    return Report(results, len(tests), pool.isolation(), checker.name, session.retries)


def _entry_point(checker: AnyChecker) -> str:
    """What each run calls, as `judge.calling.FunctionCall` takes it."""
    if not isinstance(checker, Checker) or not checker.entry_point:
        return ""
    view = _VIEWS.get(checker.comparison) if checker.rule != "run" else None
    return f"{view} {checker.entry_point}" if view else checker.entry_point


def _of_call(run: PlainRun) -> PlainRun:
    """The run of a function. If the function returned a value, output on standard error is not a failure."""
    if run.exit_status != 0:
        return run
    if run.output:
        return replace(run, error="")
    return replace(run, exit_status=1, error=f"{run.error}\nThe program ended before the function returned.".lstrip())


def _check_text(expected: str, index: int) -> None:
    try:
        expected.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as fault:
        raise FaultyProblem(f"the expected output of test {index} is not a valid text: {fault}") from fault


def _check_expected(checker: AnyChecker, test: TestCase, index: int) -> None:
    """Reject bad test data, which is not a fault of the program. Only called after a mismatch: reading large values is
    slow."""
    try:
        if isinstance(checker, Checker):
            checker.check_expected(test.output)
    except NoLiteral as fault:
        shown = " ".join(test.output.split())[:80]
        raise FaultyProblem(f"the expected value of test {index} is not a literal: {shown!r}") from fault


def verdict_of(run: PlainRun, expected: str, limits: Limits, checker: Checker = STRICT) -> Verdict:
    """The verdict on one finished run of a program that compiles."""
    fault = _fault_of(run, limits, checker)
    return fault or (Verdict.AC if checker.matches(run.output, expected) else Verdict.WA)


def _fault_of(run: PlainRun, limits: Limits, checker: AnyChecker) -> Verdict | None:
    """The verdict on a run that failed whatever it printed, or None if its output decides."""
    if run.output_exceeded:
        return Verdict.OLE
    if run.timed_out or run.cpu_seconds > limits.seconds:
        return Verdict.TLE
    if run.memory_exceeded or run.peak_bytes > limits.memory_bytes:
        return Verdict.MLE
    if run.exit_status != 0 and "MemoryError" in run.error:
        return Verdict.MLE
    if run.exit_status != 0 and checker.needs_success:
        return Verdict.RE
    return None


def _result(session: Session, test: TestCase, limits: Limits, checker: AnyChecker, index: int) -> TestResult:
    run = session.run(test.input, limits)
    if _entry_point(checker):
        run = _of_call(run)
    fault = _fault_of(run, limits, checker)
    if not fault and not is_right(session, checker, run.output, test):
        fault = Verdict.WA
        _check_expected(checker, test, index)
    return TestResult(
        verdict=fault or Verdict.AC,
        output=run.output,
        error=run.error,
        cpu_seconds=run.cpu_seconds,
        wall_seconds=run.wall_seconds,
        index=index,
        peak_bytes=run.peak_bytes,
    )
