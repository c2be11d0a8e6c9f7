"""What many tests share. Imports stand inside of the fixtures, so that tests of the judge need not wait for DSPy."""

import contextlib
import gc
import io
import os
import sys
import threading

import pytest
from hypothesis import settings

from judge.checker import Checker
from judge.shared import close_default
from judge.verdict import Report, TestCase, TestResult, Verdict
from tests.support.paths import ROOT

FAULTS = {TimeoutError: Verdict.TLE, MemoryError: Verdict.MLE, BufferError: Verdict.OLE}

# Where no bytecode may be written next to the sources, each process would compile all libraries again. The workers of
# pytest-xdist and the commands that tests start get this by the environment.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(ROOT / ".cache" / "bytecode")
    sys.dont_write_bytecode = False

# Properties are tried on the same examples in every run, so that none fails by luck; HYPOTHESIS_PROFILE=default draws
# others. A slow machine fails none either.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

LONGEST = ("whole", "optimize", "judge")  # rooms whose files take the longest


def pytest_configure(config):
    config.option.loadscopereorder = False  # pytest-xdist would begin with the files of most tests, which are quick


def pytest_collection_modifyitems(items):
    """What takes long begins first, so that both workers end at about the same time."""
    items.sort(key=lambda item: not any(room in item.path.parts for room in LONGEST))


def pytest_collection_finish():
    gc.collect()
    gc.freeze()  # the libraries stay to the end, so no collection need look through them


@pytest.fixture(autouse=True, scope="module")
def judge_alone(request):
    """Tests of the judge count its processes, so those that other tests have left waiting go first."""
    if request.module.__name__.startswith("tests.judge."):
        close_default()


@pytest.fixture
def own_caches(monkeypatch, tmp_path):
    from tests.support.packs import isolate

    isolate(monkeypatch, tmp_path / "cache")


@pytest.fixture(scope="module")
def few_resamples():
    """For tests that look at no bootstrap interval."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("eval.numbers.intervals.RESAMPLES", 500)
        yield


@pytest.fixture
def lean_adapter():
    """Prompts and answers as the programs' artifacts have them."""
    import dspy

    from program.adapters.lean import LeanAdapter

    with dspy.context(adapter=LeanAdapter()):
        yield


@pytest.fixture
def impatient():
    """Requests that fail are not sent again, so that nothing waits and every request is a call."""
    from program.rollout.context import within
    from program.rollout.rate_limits import Pace, RateLimits

    with within(rate_limiter=Pace(RateLimits(retries=0))):
        yield


@pytest.fixture
def trace():
    """The trace of the rollout at hand."""
    from program.rollout.context import new_trace

    with new_trace() as opened:
        yield opened


@pytest.fixture
def double():
    """Print twice the number: a problem with two public tests."""
    from program.problem import Problem, PublicTest

    tests = (PublicTest(input="1\n", output="2\n"), PublicTest(input="2\n", output="4\n"))
    return Problem(name="Double", description="Print twice the number.", public_tests=tests)


@pytest.fixture
def runs(monkeypatch) -> list[tuple[str, TestCase]]:
    """Puts a judge inside of this process where the workbench has the real one; lists every run it does.

    A program shows how it fails by what it raises: TimeoutError is TLE, MemoryError MLE, BufferError OLE, others RE.
    """
    done: list[tuple[str, TestCase]] = []
    alone = threading.Lock()  # standard input and output are the process's

    def quick_judge(program, tests, limits, *, checker):
        with alone:
            done.extend((program, test) for test in tests)
            return Report([_run(program, test, checker, monkeypatch) for test in tests], len(tests), "none")

    monkeypatch.setattr("program.bench.workbench.judge", quick_judge)
    return done


def _run(program: str, test: TestCase, checker: Checker, monkeypatch: pytest.MonkeyPatch) -> TestResult:
    try:
        code = compile(program, "program.py", "exec")
    except SyntaxError as fault:
        return TestResult(Verdict.CE, error=str(fault))
    with contextlib.redirect_stdout(io.StringIO()) as printed, monkeypatch.context() as patched:
        patched.setattr(sys, "stdin", io.StringIO(test.input))
        try:
            exec(code, {"__name__": "__main__"})
        except Exception as fault:  # noqa: BLE001  whatever the program under test raises
            verdict = FAULTS.get(type(fault), Verdict.RE)
            return TestResult(verdict, printed.getvalue(), f"Traceback\n{type(fault).__name__}: {fault}")
    verdict = Verdict.AC if checker.matches(printed.getvalue(), test.output) else Verdict.WA
    return TestResult(verdict, printed.getvalue())
