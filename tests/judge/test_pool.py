"""The shared processes: fair, started once, replaced when lost, gone when the judge goes; order and memory of verdicts."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from benchmarks.judge.processes import descendants, generations
from judge.cache import VerdictCache
from judge.checker import DEEPMIND
from judge.judge import judge
from judge.order import FailureHistory, fingerprint_of
from judge.sandbox.pool import Pool
from judge.sandbox.session import Session
from judge.sandbox.worker import ProgramDied, Worker, WorkerLost
from judge.verdict import JudgeError, Limits, Report, TestCase, TestResult, Verdict
from tests.judge.test_hostile import settles
from tests.support.rungs import zygote_processes

LIMITS = Limits(seconds=2.0)
DOUBLE = "print(int(input()) * 2)"
TESTS = [TestCase(f"{n}\n", f"{2 * n}\n") for n in range(5)]


@pytest.fixture
def pool():
    with Pool(2) as made:
        yield made
    assert not made.wanted()


def worker_pids(pool: Pool) -> list[int]:
    return [slot.worker.pid for slot in pool._slots if slot.worker is not None]


def in_threads(count: int, action) -> list:
    """What `action(number)` returned or raised in each of so many threads."""
    answers: list = [None] * count

    def work(number: int) -> None:
        try:
            answers[number] = action(number)
        except Exception as fault:  # noqa: BLE001 - handed to the test
            answers[number] = fault

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return answers


def test_many_threads_get_the_verdicts_of_their_own_programs(pool):
    def work(number: int):
        right = number % 3 != 0
        program = f"print(int(input()) * 2 + {number} * {0 if right else 1})  # {number}"
        return number == 0 or judge(program, TESTS, LIMITS, pool=pool).all_passed == right

    assert in_threads(24, work) == [True] * 24
    assert len(worker_pids(pool)) <= 2 and pool.restarts == 0


def test_processes_are_started_once(pool):
    in_threads(8, lambda _: judge(DOUBLE, TESTS, LIMITS, pool=pool))
    before = sorted(worker_pids(pool))
    in_threads(8, lambda _: judge(DOUBLE, TESTS, LIMITS, pool=pool))
    assert sorted(worker_pids(pool)) == before


def test_a_long_program_lets_others_in():
    """One worker: a program of many slow tests does not keep a quick one waiting until it is done."""
    with Pool(1) as pool:
        pool.isolation()
        finished: list[str] = []
        slow = "import time\nt = time.process_time()\nwhile time.process_time() - t < 0.15: pass\n" + DOUBLE

        def work(number: int) -> None:
            if number == 0:
                judge(slow, TESTS * 2, LIMITS, pool=pool)
                finished.append("slow")
            else:
                while not pool._slots[0].worker or pool._turns._idle:
                    time.sleep(0.005)
                assert judge(DOUBLE, TESTS, LIMITS, pool=pool).all_passed
                finished.append("quick")

        assert in_threads(3, work) == [None] * 3
        assert finished == ["quick", "quick", "slow"]


def test_the_queue_is_bounded():
    with Pool(1, max_waiting=2) as pool:
        slot = pool.acquire()
        pool.worker_of(slot)
        answers: list = []
        threads = [
            threading.Thread(target=lambda: answers.append(judge(DOUBLE, TESTS, LIMITS, pool=pool))) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        assert settles(lambda: pool._turns.waiting == 2)
        with pytest.raises(JudgeError, match="wait"):
            judge(DOUBLE, TESTS, LIMITS, pool=pool)
        pool.release(slot)
        for thread in threads:
            thread.join(30)
        assert [answer.all_passed for answer in answers] == [True, True]


def test_a_killed_zygote_is_replaced_and_the_test_run_again(pool):
    with Session(pool, DOUBLE) as session:
        session.compile(LIMITS)
        assert session.run("1\n", LIMITS).output == "2\n"
        for pid in worker_pids(pool):
            os.killpg(pid, signal.SIGKILL)
        assert session.run("2\n", LIMITS).output == "4\n"
        assert session.retries == 1 and pool.restarts == 1


@pytest.mark.parametrize("above", [2, 1], ids=["the zygote", "its process for the program"])
def test_a_process_killed_in_the_middle_of_a_test(pool, above):
    """The test at hand is run again, and the report says so. `above` counts from the candidate upwards."""
    pool.isolation()
    program = "import time; time.sleep(0.5)\n" + DOUBLE

    def kill() -> None:
        os.kill(line_of(pool)[-1 - above], signal.SIGKILL)

    killer = threading.Timer(0.2, kill)
    killer.start()
    report = judge(program, TESTS[:2], LIMITS, pool=pool)
    killer.join()
    assert report.all_passed and report.retries == 1
    assert pool.restarts == (above == 2)  # the zygote starts another process for the program


def test_a_test_lost_twice_is_not_judged(pool, monkeypatch):
    pool.isolation()
    honest = Worker.run
    with Session(pool, DOUBLE) as session:
        session.compile(LIMITS)

        def lose(worker, files, request):
            if request.wall_seconds == LIMITS.wall_seconds:
                raise WorkerLost("gone")
            return honest(worker, files, request)  # a self-test

        monkeypatch.setattr(Worker, "run", lose)
        with pytest.raises(JudgeError, match="twice"):
            session.run("1\n", LIMITS)
    monkeypatch.undo()
    assert judge(DOUBLE, TESTS, LIMITS, pool=pool).all_passed


def test_an_exception_in_the_middle_leaves_the_pool_usable(pool):
    with pytest.raises(KeyboardInterrupt), Session(pool, "while True: pass") as session:
        session.compile(LIMITS)
        raise KeyboardInterrupt
    assert judge(DOUBLE, TESTS, LIMITS, pool=pool).all_passed


def test_closing_turns_away_who_waits_and_who_runs():
    pool = Pool(1)
    pool.isolation()
    closer = threading.Timer(0.3, pool.close)
    closer.start()
    answers = in_threads(3, lambda _: judge("while True: pass", TESTS, Limits(seconds=20.0), pool=pool))
    assert all(isinstance(answer, JudgeError) for answer in answers), answers
    assert settles(lambda: not descendants())
    pool.close()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_survives_the_judge(ending, tmp_path):
    script = (
        # Whoever starts the tests in the background may have had Ctrl-C ignored, and that is inherited.
        "import signal, threading\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from judge.judge import judge\nfrom judge.verdict import *\nfrom judge.shared import default_pool\ndefault_pool().isolation()\n"
        "def work(): judge('import time; time.sleep(60)', [TestCase('', '')] * 9, Limits(seconds=30.0))\n"
        "for _ in range(3): threading.Thread(target=work, daemon=True).start()\n"
        "print('up', flush=True)\nwork()"
    )
    with open(tmp_path / "errors", "w") as errors:
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=errors)
    assert process.stdout is not None
    process.stdout.readline()
    assert settles(lambda: len(descendants()) >= 5)
    mine = descendants()
    process.send_signal(ending)
    try:
        process.wait(30)
    finally:
        process.kill()
        process.wait()  # a zombie would be a descendant in the next test
        process.stdout.close()
    assert settles(lambda: not any(Path(f"/proc/{pid}").exists() for pid in mine))


@pytest.mark.parametrize("others", [0, 1], ids=["running a program", "waiting for a slot"])
def test_an_interrupt_that_does_not_wake_the_main_thread(others):
    """As when it arrives just before a wait: here another thread gets the signal, since the main thread blocks it."""
    script = (
        "import signal, threading, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from judge.judge import judge\nfrom judge.verdict import *\nfrom judge.sandbox.pool import Pool\n"
        "pool = Pool(1)\npool.isolation()\n"
        "def work(): judge('import time; time.sleep(60)', [TestCase('', '')], Limits(seconds=30.0), pool=pool)\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        f"for _ in range({others}): threading.Thread(target=work, daemon=True).start()\n"
        f"while pool._turns.waiting or len(pool._turns._idle) > {1 - others}: time.sleep(0.01)\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\n"
        "def tell():\n    time.sleep(1)\n    print('up', flush=True)\nthreading.Thread(target=tell, daemon=True).start()\n"
        "try: work()\nexcept KeyboardInterrupt: print('interrupted', flush=True)\nfinally: pool.close()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=20)[0] == "interrupted\n"
        finally:
            process.kill()


def test_a_fork_of_the_judges_process_gets_a_pool_of_its_own():
    script = (
        "import os\nfrom judge.judge import judge\nfrom judge.verdict import *\n"
        "ok = lambda: judge('print(1)', [TestCase('', '1')], Limits()).all_passed\nassert ok()\n"
        "pid = os.fork()\nassert ok()\nif pid: assert os.waitpid(pid, 0)[1] == 0; print('both')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "both\n", done.stderr


def test_early_stop_tries_what_failed_before():
    tests = [TestCase("9" * size + "\n", "") for size in (3, 1, 2)]
    history = FailureHistory()
    key = fingerprint_of(tests)
    assert history.order(key, tests) == [0, 1, 2]
    history.add(key, 1)
    history.add(key, 2)
    history.add(key, 2)
    assert history.order(key, tests) == [2, 1, 0]
    assert history.order(fingerprint_of(tests[:2]), tests[:2]) == [0, 1]


def test_early_stop_reports_which_test_failed(pool):
    tests = [*TESTS, TestCase("1000\n", "5\n")]
    full = judge(DOUBLE, tests, LIMITS, pool=pool)
    assert [result.index for result in full.results] == list(range(6)) and full.passed == 5
    first = judge(DOUBLE, tests, LIMITS, pool=pool, stop_at_failure=True)
    again = judge(DOUBLE, tests, LIMITS, pool=pool, stop_at_failure=True)
    assert first.results[-1].index == 5 and first.verdict is Verdict.WA
    assert [result.index for result in again.results] == [5]
    assert again.total == 6 and not again.all_passed
    given = judge(DOUBLE, tests, LIMITS, pool=pool, stop_at_failure=True, in_order=True)
    assert [result.index for result in given.results] == list(range(6))


@pytest.mark.parametrize(("death", "verdict"), [(-signal.SIGSEGV, Verdict.CE), (-signal.SIGKILL, None)])
def test_a_compiler_that_the_machine_kills_is_no_verdict(pool, monkeypatch, death, verdict):
    def dies(_worker, _source, _request):
        raise ProgramDied(death, compiled=False)

    assert pool.isolation()  # its own trial runs before
    monkeypatch.setattr(Worker, "load", dies)
    if verdict is None:
        with pytest.raises(JudgeError, match="could not be loaded"):
            judge(DOUBLE, TESTS, LIMITS, pool=pool)
    else:
        assert judge(DOUBLE, TESTS, LIMITS, pool=pool).verdict is verdict


def test_after_so_many_timeouts_the_rest_is_left_out(pool):
    odd_hangs = "n = int(input())\nwhile n % 2: pass\nprint(2 * n)"
    short = Limits(seconds=0.2)
    once = judge(odd_hangs, TESTS, short, pool=pool, max_timeouts=1)
    assert [result.verdict for result in once.results] == [Verdict.AC, Verdict.TLE]
    assert (once.passed, once.total, once.verdict) == (1, 5, Verdict.TLE)
    for more in (3, None):
        assert judge(odd_hangs, TESTS, short, pool=pool, max_timeouts=more).passed == 3


def test_the_cache_knows_program_tests_limits_and_rule(pool):
    cache = VerdictCache()
    report = judge(DOUBLE, TESTS, LIMITS, pool=pool, cache=cache)
    assert judge(DOUBLE, TESTS, LIMITS, pool=pool, cache=cache) is report
    others = [
        judge(DOUBLE + " ", TESTS, LIMITS, pool=pool, cache=cache),
        judge(DOUBLE, TESTS[:4], LIMITS, pool=pool, cache=cache),
        judge(DOUBLE, TESTS, Limits(seconds=3.0), pool=pool, cache=cache),
        judge(DOUBLE, TESTS, LIMITS, pool=pool, cache=cache, checker=DEEPMIND),
        judge(DOUBLE, TESTS, LIMITS, pool=pool, cache=cache, stop_at_failure=True),
        judge(DOUBLE, TESTS, LIMITS, pool=pool, cache=cache, max_timeouts=1),
    ]
    assert all(other is not report for other in others)
    assert cache.hits == 1


def test_the_cache_is_bounded():
    cache = VerdictCache(max_bytes=10_000)
    for number in range(20):
        cache.put(str(number), Report([TestResult(Verdict.AC, output="x" * 1000)], 1))
    assert cache.get("19") is not None and cache.get("0") is None
    cache.put("huge", Report([TestResult(Verdict.AC, output="x" * 9000)], 1))
    assert cache.get("huge") is None


def test_deepmind_looks_at_the_output_only(pool):
    program = DOUBLE + "\nraise SystemExit(1)"
    assert judge(program, TESTS, LIMITS, pool=pool).verdict is Verdict.RE
    report = judge(program, TESTS, LIMITS, pool=pool, checker=DEEPMIND)
    assert report.verdict is Verdict.AC and report.checker == "deepmind"


def candidate_of(pool: Pool) -> int:
    """The number of the process of the test that runs in a pool of one worker."""
    return line_of(pool)[-1]


def line_of(pool: Pool) -> list[int]:
    """The processes of such a pool while a test runs, each the child of the one before."""
    line: list[int] = []

    def is_whole() -> bool:
        line[:] = [process for generation in generations() for process in generation]
        return len(line) >= zygote_processes(pool) + 2

    assert settles(is_whole)
    return line


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_a_candidate_that_others_end_is_run_again(ending):
    with Pool(1) as pool:
        pool.isolation()
        killer = threading.Timer(0.2, lambda: os.kill(candidate_of(pool), ending))
        killer.start()
        report = judge("import time; time.sleep(0.6)\n" + DOUBLE, TESTS[:1], LIMITS, pool=pool)
        killer.join()
        assert report.all_passed and report.retries == 1


def test_a_candidate_that_is_killed_twice_is_not_judged():
    with Pool(1) as pool:
        pool.isolation()

        def kill_two() -> None:
            first = candidate_of(pool)
            os.kill(first, signal.SIGKILL)
            assert settles(lambda: first not in descendants() and candidate_of(pool) != first)
            os.kill(candidate_of(pool), signal.SIGKILL)

        killer = threading.Timer(0.2, kill_two)
        killer.start()
        with pytest.raises(JudgeError, match="killed twice"):
            judge("import time; time.sleep(3)\n" + DOUBLE, TESTS[:1], Limits(seconds=5.0), pool=pool)
        killer.join()


def test_a_candidate_that_kills_itself_has_failed(pool):
    if "seccomp" not in pool.isolation():
        pytest.skip("without the filter it is not known who did it")
    for how in ("os.kill(os.getpid(), 9)", "signal.raise_signal(9)", "signal.pthread_kill(threading.get_ident(), 9)"):
        report = judge(f"import os, signal, threading\n{how}", TESTS[:1], LIMITS, pool=pool)
        assert report.verdict is Verdict.RE and report.retries == 0


def test_what_ends_while_it_is_idle_costs_nothing(pool):
    """Neither a zygote, nor the process of a program between two tests."""
    pool.isolation()
    assert judge(DOUBLE, TESTS, LIMITS, pool=pool).all_passed
    for slot in pool._slots:
        if slot.worker is not None:
            os.killpg(slot.worker.pid, signal.SIGKILL)
            assert settles(lambda worker=slot.worker: worker.lost)
    assert judge(DOUBLE, TESTS, LIMITS, pool=pool).retries == 0
    with Session(pool, DOUBLE) as session:
        session.compile(LIMITS)
        os.kill(max(descendants()), signal.SIGKILL)
        assert session.run("1\n", LIMITS).output == "2\n"
        assert session.retries == 1
    assert judge(DOUBLE, TESTS, LIMITS, pool=pool).all_passed


@pytest.mark.parametrize(
    "program",
    [
        "print(int(input()) * 2)\ndef never():\n    import unittest.__main__",
        "print(int(input()) * 2)\ndef never():\n    import lib2to3.__main__, venv.__main__, test.regrtest, this",
    ],
)
def test_an_import_that_would_end_the_interpreter_is_left_to_the_program(pool, program):
    report = judge(program, TESTS, LIMITS, pool=pool)
    assert report.all_passed and report.retries == 0


def test_an_import_that_ends_the_judges_process_is_left_to_the_program(pool, monkeypatch):
    """Whatever it is: the program is loaded again without."""
    honest, asked = Worker.load, []

    def dies(worker, source, request):
        asked.append(request.imports)
        if request.imports:
            raise ProgramDied(0, compiled=True)
        return honest(worker, source, request)

    assert pool.isolation()
    monkeypatch.setattr(Worker, "load", dies)
    assert judge(DOUBLE, TESTS, LIMITS, pool=pool).all_passed and asked == [True, False]


def test_a_program_that_takes_too_long_to_compile_has_run_out_of_time(pool):
    """A decimal number of a million digits takes a quadratic time to read."""
    slow = f"x = {'9' * 2_000_000}\n{DOUBLE}"
    with Pool(1, layers=()) as low, warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        for each in (pool, low):
            report = judge(slow, TESTS, Limits(seconds=1.0), pool=each, stop_at_failure=True)
            assert report.verdict is Verdict.TLE and "compiler" in report.results[0].error
    assert judge(DOUBLE, TESTS, LIMITS, pool=pool).all_passed


@pytest.mark.parametrize("test", [TestCase("\ud800\n", "1\n"), TestCase("1\n", "\ud800\n")], ids=["input", "output"])
def test_a_test_that_is_no_text_is_not_judged(pool, test):
    with pytest.raises(JudgeError, match="test"):
        judge("print(1)", [test], LIMITS, pool=pool)
    assert judge("print(1)", [TestCase("\udce9\n", "1\n")], LIMITS, pool=pool).all_passed  # a byte that is not UTF-8


@pytest.mark.parametrize(
    "fault", [OSError(24, "Too many open files"), MemoryError()], ids=lambda fault: type(fault).__name__
)
def test_what_this_process_lacks_is_no_fault_of_the_program(pool, monkeypatch, fault):
    def nothing(*_):
        raise fault

    assert pool.isolation()
    monkeypatch.setattr("judge.sandbox.session.os.memfd_create", nothing)
    with pytest.raises(JudgeError, match=type(fault).__name__):
        judge(DOUBLE, TESTS, LIMITS, pool=pool)
    monkeypatch.undo()
    assert judge(DOUBLE, TESTS, LIMITS, pool=pool).all_passed
