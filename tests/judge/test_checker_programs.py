"""Checkers that problems bring: what they say is the verdict, what they do wrong is none, and they are strangers too."""

import os
import re

import pytest

from benchmarks.judge.processes import descendants
from judge.cache import VerdictCache
from judge.checker import STRICT
from judge.checkers import compiled
from judge.checkers.checker_program import CheckerProgram, Language
from judge.judge import judge
from judge.sandbox import selftest
from judge.sandbox.layers.guards import LANDLOCK, NAMESPACES, SECCOMP
from judge.sandbox.pool import PLAIN, Pool
from judge.sandbox.worker import Refused
from judge.verdict import JudgeError, Limits, TestCase, Verdict
from tests.judge.test_hostile import SECRET, THEFTS, keeps, settles, theft
from tests.judge.test_hostile import keeper as keeper  # a fixture
from tests.judge.test_hostile import kept as kept  # a fixture
from tests.judge.test_hostile import rungs as rungs  # a fixture
from tests.support.checker_programs import ANY_ORDER, checker_of
from tests.support.rungs import has_scratch, layers_of, zygote_processes

AC, WA = Verdict.AC, Verdict.WA
TEST = TestCase("2\n", f"{SECRET} b\n")
SHORT = Limits(seconds=0.4, memory_bytes=96 * 2**20, output_bytes=10**6, wall_factor=0.5)
CPP = "#include <cstdio>\n#include <cstdlib>\n#include <unistd.h>\nint main(int count, char **argument) {{ {} }}\n"
# Both end with the status that is their input.
ENDING: dict[Language, str] = {
    "python": "import sys\nsys.exit(int(open(sys.argv[1]).read()))",
    "c++": CPP.format('int status = 3; return fscanf(fopen(argument[1], "r"), "%d", &status) == 1 ? status : 9;'),
}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    """Of what is compiled: one for all tests here, and not the one of this checkout."""
    monkeypatch.setenv("ALPHACODIUM_CACHE", str(tmp_path_factory.getbasetemp() / "checkers"))


@pytest.fixture
def pool(rungs):
    return rungs[0]


def verdict(pool, checker, output="b " + SECRET, test=TEST):
    return judge(f"print({output!r})", [test], Limits(), checker=checker, pool=pool).results[0].verdict


@pytest.mark.parametrize("kind", ANY_ORDER)
def test_a_permutation_is_accepted_and_another_answer_refused_on_every_rung(rungs, kind):
    for index, pool in enumerate(rungs):
        space = " " * index  # what was said of an output is remembered
        if kind.startswith("kattis") and not has_scratch(pool):
            with pytest.raises(JudgeError, match="the problem's checker"):  # it insists on its folder for feedback
                verdict(pool, ANY_ORDER[kind], space)
            continue
        assert verdict(pool, ANY_ORDER[kind], f"b {SECRET}{space}") is AC, pool.isolation()
        assert verdict(pool, ANY_ORDER[kind], f"{SECRET} c{space}") is WA, pool.isolation()
        assert verdict(pool, ANY_ORDER[kind], space) is WA, pool.isolation()


@pytest.mark.parametrize("kind", ["testlib python", "testlib c++"])
def test_without_a_zygote_it_is_a_plain_process(monkeypatch, kind):
    def refuse(*_):
        raise Refused("none today")

    monkeypatch.setattr(selftest, "start", refuse)
    with Pool(1, sandbox="off") as pool:
        assert pool.isolation() == PLAIN
        assert verdict(pool, ANY_ORDER[kind], f"b {SECRET} ") is AC
        assert verdict(pool, ANY_ORDER[kind], f"{SECRET} d") is WA


@pytest.mark.parametrize(
    ("protocol", "status", "said"),
    [
        *(("testlib", status, said) for status, said in [(0, AC), (1, WA), (2, WA), (4, WA), (7, WA), (8, WA)]),
        *(("testlib", status, None) for status in (3, 5, 42, 43, 97, 120)),
        *(("kattis", status, said) for status, said in [(42, AC), (43, WA)]),
        *(("kattis", status, None) for status in (0, 1, 2, 3, 44)),
    ],
)
@pytest.mark.parametrize("language", ["python", "c++"])
def test_exit_statuses(pool, language, protocol, status, said):
    checker = checker_of(ENDING[language], language, protocol)
    test = TestCase(f"{status}\n", "")
    if said is None:
        with pytest.raises(JudgeError, match=f"{protocol} .*ended with status {status}"):
            verdict(pool, checker, test=test)
    else:
        assert verdict(pool, checker, test=test) is said


FAILURES = {
    "an exception": ("1 / 0", "ZeroDivisionError"),
    "no Python": ("def", "SyntaxError"),
    "a thing of the future": (
        "from __future__ import annotations\nx: nothing_yet = 1\nraise KeyError(x)",
        "KeyError: 1",
    ),
    "things of the future": (
        "from __future__ import (\n    annotations,\n)\nx: nothing_yet = 1\n1 / 0",
        "ZeroDivision",
    ),
    "an endless loop": ("while True: pass", "out of time"),
    "sleeping": ("import time; time.sleep(99)", "out of time"),
    "printing without end": ("while True: print('y' * 10**5)", "printed too much"),
    "complaining without end": ("import sys\nwhile True: sys.stderr.write('y' * 10**5)", "printed too much"),
    "eating memory": ("kept = []\nwhile True: kept.append(bytearray(b'x' * 10**7))", "out of memory|MemoryError"),
    "a signal to itself": ("import os; os.kill(os.getpid(), 11)", "status -11"),
    "forking": ("import os; os.fork()", "PermissionError"),
    "another program": ("import os; os.execv('/bin/true', ['true'])", "PermissionError"),
}
CPP_FAILURES = {
    "an abort": ("abort();", "status -6"),
    "a bad pointer": ("*(volatile int *)8 = 1;", "status -11"),
    "an endless loop": ("for (volatile int i = 0;; i++);", "out of time"),
    "sleeping": ("sleep(99);", "out of time"),
    "printing without end": ("for (;;) puts(argument[0]);", "printed too much"),
    "eating memory": (
        "for (;;) for (volatile char *p = (char *)malloc(1 << 20), *q = p; q < p + 999999; q += 999) *q = 1;",
        "memory",
    ),
    "forking": ("if (fork() == -1) return 3; return 0;", "status 3"),
    "a shell": ("return system('t' == 't' ? \"true\" : \"\") == 0 ? 0 : 3;", "status 3"),
    "another program": ('execl("/bin/true", "true", nullptr); return 3;', "status 3"),
    "reading the machine": ('return fopen("/etc/passwd", "r") ? 0 : 3;', "status 3"),
    "no C++": ("this is none", "does not compile"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_its_failure_is_no_verdict(pool, name):
    source, said = FAILURES[name]
    if SECCOMP not in layers_of(pool) and name in ("forking", "another program"):
        pytest.skip("needs seccomp")
    with pytest.raises(JudgeError, match="the problem's checker") as caught:
        verdict(pool, checker_of(source, limits=SHORT))
    assert re.search(said, f"{caught.value}: {getattr(caught.value, 'said', '')}")
    assert verdict(pool, ANY_ORDER["testlib python"], f"b {SECRET}  ") is AC  # the next one has a judge


@pytest.mark.parametrize("name", CPP_FAILURES)
def test_the_failure_of_a_compiled_one_is_no_verdict(pool, name):
    source, said = CPP_FAILURES[name]
    if not {SECCOMP, NAMESPACES} <= layers_of(pool):
        pytest.skip("needs seccomp and namespaces")
    with pytest.raises(JudgeError, match=f"the problem's checker.*({said})"):
        verdict(pool, checker_of(CPP.format(source), "c++", limits=SHORT))
    assert verdict(pool, ANY_ORDER["testlib c++"], f"b {SECRET}  ") is AC


@pytest.mark.parametrize("name", THEFTS)
def test_a_checker_steals_nothing(rungs, keeper, kept, name):
    """As programs under test do; it is given the expected output."""
    if name in ("walking frames and objects for the answer", "searching its own memory for the answer"):
        pytest.skip("a checker has the answer")
    if name == "other descriptors":
        pytest.skip("its arguments are descriptors")
    spied = "import io, sys\nsys.stdout = io.StringIO()\n" + theft(name, keeper, kept)
    checker = checker_of(f"{spied}\nsys.exit('STOLEN' in sys.stdout.getvalue())", limits=Limits(seconds=5.0))
    for pool in rungs:
        if keeps(pool, name):
            assert verdict(pool, checker, pool.isolation()) is AC, pool.isolation()


def test_a_checker_leaves_nothing_to_the_next(pool):
    if not has_scratch(pool):
        pytest.skip("there is nowhere to leave it")
    leaving = checker_of("open('left', 'w').write('x')")
    looking = checker_of("import os, sys; sys.exit(bool(os.listdir('.')))")
    assert verdict(pool, leaving) is AC
    assert verdict(pool, looking) is AC


def test_forks_of_a_checker_do_not_outlive_it(rungs):
    bare = next(pool for pool in rungs if not layers_of(pool))
    verdict(bare, checker_of("import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(99)"))
    zygotes = sum(zygote_processes(pool) for pool in rungs for _ in range(1 + (pool._companion is not None)))
    assert settles(lambda: len(descendants()) <= zygotes + 1), descendants()


def test_the_program_under_test_has_neither_the_answer_nor_the_checker(pool):
    spy = "import os, sys\nprint(len(sys.argv), [n for n in range(3, 99) if os.path.exists(f'/proc/self/fd/{n}')])"
    source = "import sys; sys.exit(open(sys.argv[2]).read().strip() != '1 []')"
    assert judge(spy, [TEST, TEST], Limits(), checker=checker_of(source), pool=pool).all_passed


def test_programs_wait_for_checkers_and_not_for_each_other():
    """With one turn for programs: a checker that waited for it would wait for ever."""
    from concurrent.futures import ThreadPoolExecutor

    with Pool(1) as pool, ThreadPoolExecutor(6) as threads:
        programs = [f"import time; time.sleep(0.1); print('b', {SECRET!r}, ' ' * {n})" for n in range(6)]
        ask = lambda program: judge(program, [TEST] * 8, Limits(), checker=ANY_ORDER["testlib python"], pool=pool)  # noqa: E731
        assert all(report.all_passed for report in threads.map(ask, programs))


def test_a_checker_sees_what_a_failed_program_printed_never(pool):
    right = f"print('b', {SECRET!r}); raise SystemExit(1)"
    report = judge(right, [TEST], Limits(), checker=ANY_ORDER["testlib python"], pool=pool)
    assert report.verdict is Verdict.RE


def test_reports_are_kept_by_checker(pool):
    cache = VerdictCache()
    ask = lambda checker: judge(f"print('b', {SECRET!r})", [TEST], Limits(), checker=checker, pool=pool, cache=cache)  # noqa: E731
    first = ask(ANY_ORDER["testlib python"])
    assert first.all_passed and first.checker == ANY_ORDER["testlib python"].name
    assert not ask(STRICT).all_passed and not ask(checker_of("raise SystemExit(1)")).all_passed
    assert ask(ANY_ORDER["testlib python"]) is first and cache.hits == 1


def test_a_verdict_that_failed_is_asked_for_again(pool, tmp_path):
    with pytest.raises(JudgeError):
        verdict(pool, checker_of("raise SystemExit(5)"), "same")
    with pytest.raises(JudgeError):
        verdict(pool, checker_of("raise SystemExit(5)"), "same")


def test_without_a_compiler_one_line_says_so(pool, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(JudgeError) as fault:
        verdict(pool, checker_of(CPP.format("return 0; /* absent */"), "c++"))
    assert str(fault.value) == "the problem's checker is in C++, and there is no compiler here (c++, g++, clang++)"


def test_it_is_compiled_once(pool, monkeypatch):
    checker = checker_of(CPP.format("return argument[1][0] == '/' ? 0 : 1; /* once */"), "c++")
    assert verdict(pool, checker) is AC
    ran = []
    run = compiled._run
    monkeypatch.setattr(compiled, "_made", type(compiled._made)())  # as in another process
    monkeypatch.setattr(compiled, "_run", lambda *given: ran.append(given[2]) or run(*given))
    assert verdict(pool, checker, "else") is AC
    assert verdict(pool, checker, "more") is AC
    assert [arguments[0] for arguments in ran] == ["-E"]


def test_a_header_of_another_project_is_found_by_cpath(pool, monkeypatch, tmp_path):
    source = '#include "testlib.h"\nint main() { return verdict(); }\n'
    with pytest.raises(JudgeError, match="add the folder that contains it to CPATH"):
        verdict(pool, checker_of(source, "c++"))
    monkeypatch.setattr(compiled, "_made", type(compiled._made)())
    monkeypatch.setenv("CPATH", str(tmp_path))
    for status, said in ((0, AC), (1, WA)):  # a changed header makes another checker
        (tmp_path / "testlib.h").write_text(f"int verdict() {{ return {status}; }}\n")
        monkeypatch.setattr(compiled, "_made", type(compiled._made)())
        assert verdict(pool, checker_of(source, "c++"), f"with {status}") is said


@pytest.mark.parametrize("name", ["-o.cpp", "@checker.cpp", "../../outside.cpp", "-fplugin=.cpp"])
def test_names_of_files_are_names(pool, name):
    files = ((name, CPP.format("return 0;") + f"// {name}\n"),)
    assert verdict(pool, CheckerProgram("c++", "testlib", files)) is AC


def test_the_compiler_reads_no_files_of_the_machine(pool, tmp_path):
    if LANDLOCK not in layers_of(pool):
        pytest.skip("needs Landlock")
    (tmp_path / "secret").write_text("int canary = 4711;\n")
    source = f'#include "{tmp_path}/secret"\nint main() {{ return 0; }}\n'
    with pytest.raises(JudgeError, match=r"does not compile.*Permission denied") as fault:
        verdict(pool, checker_of(source, "c++"))
    assert "canary" not in str(fault.value)
    assert not os.path.exists("checker")
