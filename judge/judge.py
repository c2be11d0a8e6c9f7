"""Judge one program on a list of tests."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from judge.checker import outputs_match
from judge.process import Run, run_program
from judge.verdict import Limits, Report, TestCase, TestResult, Verdict

ISOLATION = "process"
# No more programs run at once than there are cores, however many threads ask: CPU time stays honest.
_SLOTS = threading.BoundedSemaphore(os.cpu_count() or 1)


def judge(program: str, tests: Sequence[TestCase], limits: Limits, *, stop_at_failure: bool = False) -> Report:
    """Run `program` (Python source) on every test, each in a fresh process, and compare what it prints.

    Safe to call from many threads at once.

    Args:
        program: the source text; one that does not compile gets CE on the first test.
        tests: in the order they are run.
        limits: for each single test.
        stop_at_failure: leave out the tests after the first one that fails.

    Raises:
        JudgeError: the judge failed, so there is no verdict.
    """
    fault = syntax_error(program)
    if fault is not None:
        failed = [TestResult(Verdict.CE, error=fault) for _ in tests]
        return Report(failed[:1] if stop_at_failure else failed, len(tests), ISOLATION)
    results: list[TestResult] = []
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        os.chmod(folder, 0o755)
        path = Path(folder) / "program.py"
        path.write_text(program, encoding="utf-8", errors="surrogateescape")
        for test in tests:
            with _SLOTS:
                run = run_program(path, test.input, limits)
            results.append(_result(run, test, limits))
            if stop_at_failure and not results[-1].passed:
                break
    return Report(results, len(tests), ISOLATION)


def syntax_error(program: str) -> str | None:
    """What keeps `program` from compiling, in one line, or None."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(program, "program.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as fault:
        line = getattr(fault, "lineno", None)
        return f"{type(fault).__name__}: {getattr(fault, 'msg', fault)}" + (f" (line {line})" if line else "")
    return None


def _result(run: Run, test: TestCase, limits: Limits) -> TestResult:
    return TestResult(
        verdict=_verdict(run, test, limits),
        output=run.output,
        error=run.error,
        cpu_seconds=run.cpu_seconds,
        wall_seconds=run.wall_seconds,
    )


def _verdict(run: Run, test: TestCase, limits: Limits) -> Verdict:
    if run.output_exceeded:
        return Verdict.OLE
    if run.timed_out or run.cpu_seconds > limits.seconds:
        return Verdict.TLE
    if run.peak_bytes > limits.memory_bytes or (run.exit_status != 0 and "MemoryError" in run.error):
        return Verdict.MLE
    if run.exit_status != 0:
        return Verdict.RE
    return Verdict.AC if outputs_match(run.output, test.output) else Verdict.WA
