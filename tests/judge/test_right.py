"""The judge runs a program as `python program.py` would: every case here holds for the plain subprocess as well."""

from typing import NamedTuple

import pytest

from judge.judge import judge, verdict_of
from judge.limits import DEFAULT_MEMORY_BYTES, PYTHON_TIME_FACTOR, limits_of
from judge.sandbox.pool import Pool
from judge.sandbox.process import PlainRun, run_program
from judge.sandbox.session import Session, source_bytes
from judge.verdict import PRECEDENCE, Limits, Report, TestCase, TestResult, Verdict
from tests.support.rungs import has_scratch, imports_late, shows_source_lines

LIMITS = Limits(seconds=2.0)
FAST_IO = """
import os, sys
from io import BytesIO, IOBase
class FastIO(IOBase):
    def __init__(self, file):
        self._fd = file.fileno()
        self.buffer = BytesIO()
        self.writable = "x" in file.mode or "r" not in file.mode
        self.write = self.buffer.write if self.writable else None
        self.newlines = 0
    def readline(self):
        while self.newlines == 0:
            b = os.read(self._fd, max(os.fstat(self._fd).st_size, 8192))
            self.newlines = b.count(b"\\n") + (not b)
            ptr = self.buffer.tell()
            self.buffer.seek(0, 2), self.buffer.write(b), self.buffer.seek(ptr)
        self.newlines -= 1
        return self.buffer.readline()
    def flush(self):
        if self.writable:
            os.write(self._fd, self.buffer.getvalue())
            self.buffer.truncate(0), self.buffer.seek(0)
class IOWrapper(IOBase):
    def __init__(self, file):
        self.buffer = FastIO(file)
        self.flush = self.buffer.flush
        self.writable = self.buffer.writable
        self.write = lambda s: self.buffer.write(s.encode("ascii"))
        self.readline = lambda: self.buffer.readline().decode("ascii")
sys.stdin, sys.stdout = IOWrapper(sys.stdin), IOWrapper(sys.stdout)
input = lambda: sys.stdin.readline().rstrip("\\r\\n")
print(int(input()) + int(input()))
sys.stdout.flush()
"""


class Case(NamedTuple):
    program: str
    given: str = ""
    printed: str | None = None  # None: whatever a plain process prints
    status: int = 0


CASES = {
    "hello": Case("print('hello')", printed="hello\n"),
    "input to the end": Case("import sys; print(sum(map(int, sys.stdin)))", "1\n2\n3", "6\n"),
    "end of input": Case("input()", printed="", status=1),
    "read by descriptor": Case("import os; print(os.read(0, 99))", "ab\n", "b'ab\\n'\n"),
    "stdin is a file": Case("import os, stat; print(stat.S_ISREG(os.fstat(0).st_mode), os.fstat(0).st_size)", "abc"),
    "open(0)": Case("print(open(0).read().split())", "a b\nc", "['a', 'b', 'c']\n"),
    "/dev/stdin": Case("print(open('/dev/stdin').read())", "abc", "abc\n"),
    "seek in stdin": Case("import sys; a = sys.stdin.read(); sys.stdin.seek(0); print(a == sys.stdin.read())", "x\n"),
    "memory map of stdin": Case("import mmap; print(mmap.mmap(0, 0, prot=mmap.PROT_READ)[:])", "abc", "b'abc'\n"),
    "modes and names": Case(
        "import sys\nfor f in (sys.stdin, sys.stdout, sys.stderr):\n    print(f.name, f.mode, f.fileno(), f.encoding, f.errors, f.isatty(), f.line_buffering, f.seekable())"
    ),
    "the FastIO template": Case(FAST_IO, "2\n3\n", "5\n"),
    "carriage returns": Case("print(repr(input()), repr(input()))", "a\r\nb\r\n", "'a\\r' 'b\\r'\n"),
    "not UTF-8": Case("import sys; print(ascii(input())); print(sys.stdout.errors)", "caf\udce9\n"),
    "exit()": Case("print(1)\nexit()", printed="1\n"),
    "quit()": Case("print(1)\nquit()", printed="1\n"),
    "exit with text": Case("import sys; sys.exit('no')", printed="", status=1),
    "exit with a number": Case("import sys; print('right'); sys.exit(3)", printed="right\n", status=3),
    "exit with -1": Case("raise SystemExit(-1)", printed="", status=255),
    "exit with 256": Case("raise SystemExit(256)", printed=""),
    "main": Case("if __name__ == '__main__': print(__name__, __doc__, __spec__, __package__)"),
    "globals": Case("print(sorted(globals()))"),
    "import main": Case("x = 5\nimport __main__\nprint(__main__.x)", printed="5\n"),
    "pickle of its own class": Case("import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)"),
    "dataclass": Case(
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nprint(P(3))", printed="P(x=3)\n"
    ),
    "argv": Case("import sys; print(len(sys.argv), sys.argv[0].endswith('program.py'))", printed="1 True\n"),
    "exception": Case("print('before')\n1 / 0", printed="before\n", status=1),
    "atexit": Case("import atexit; atexit.register(print, 'bye'); print('hi')", printed="hi\nbye\n"),
    "atexit after an exception": Case("import atexit; atexit.register(print, 'bye'); 1 / 0", printed="bye\n", status=1),
    "a file flushed at the end": Case("f = open(1, 'w', closefd=False); f.write('late')", printed="late"),
    "a finaliser": Case("class A:\n    def __del__(self): print('gone')\na = A()", printed="gone\n"),
    "a finaliser in a cycle": Case(
        "class A:\n    def __del__(self): print('gone')\na = A(); a.me = a", printed="gone\n"
    ),
    "no newline at the end": Case("import sys; sys.stdout.write('x')", printed="x"),
    "os.write and print": Case("import os; print('b', flush=True); os.write(1, b'a')", printed="b\na"),
    "os._exit loses the buffer": Case("import os; print('lost'); os._exit(0)", printed=""),
    "closed stdout": Case("import sys; print(1); sys.stdout.close()", printed="1\n"),
    "closed descriptor": Case("import os; print(1); os.close(1)", printed="", status=120),
    "threads": Case(
        "import threading\nts = [threading.Thread(target=print, args=(i,)) for i in range(8)]\n[t.start() for t in ts]\n[t.join() for t in ts]",
        printed="".join(f"{i}\n" for i in range(8)),
    ),
    "a thread that outlives main": Case(
        "import threading, time\ndef f():\n    time.sleep(0.05); print('late')\nthreading.Thread(target=f).start()",
        printed="late\n",
    ),
    "thread pool": Case(
        "from concurrent.futures import ThreadPoolExecutor as T\nwith T(4) as t: print(sum(t.map(int, '123')))",
        printed="6\n",
    ),
    "an exception in a thread": Case("import threading; threading.Thread(target=lambda: 1/0).start()", printed=""),
    "deep recursion in a thread": Case(
        "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(2**27)\ndef f(n): return 0 if n == 0 else 1 + max(f(n - 1), 0)\nt = threading.Thread(target=lambda: print(f(10**5)))\nt.start(); t.join()",
        printed="100000\n",
    ),
    "deep recursion through C": Case(
        "import sys, functools\nsys.setrecursionlimit(10**6)\n@functools.lru_cache(None)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\nprint(f(30000))",
        printed="30000\n",
    ),
    "how deep it goes": Case(
        "d = 0\ndef f():\n    global d\n    d += 1\n    f()\ntry: f()\nexcept RecursionError: print(d)"
    ),
    "runaway recursion": Case("def f(): f()\nf()", printed="", status=1),
    "big integers": Case("print(len(str(3**20000)), int('9' * 5000) % 7)"),
    "asyncio": Case(
        "import asyncio\nasync def m():\n    await asyncio.sleep(0)\n    print(1)\nasyncio.run(m())", printed="1\n"
    ),
    "a late import": Case(
        "def f():\n    import decimal, json, fractions\n    return decimal.Decimal(1) / 3\nprint(f())"
    ),
    "an import by name": Case("print(__import__('string').digits)", printed="0123456789\n"),
    "no such module": Case("import nowhere", printed="", status=1),
    "codecs": Case("print('é'.encode('latin-1'), 'x'.encode('idna'), b'a'.decode('utf-16-le', 'replace'))"),
    "resource limits": Case(
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_STACK, (2**26, resource.RLIM_INFINITY))\nprint('ok')",
        printed="ok\n",
    ),
    "its own signal": Case("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", printed="", status=-15),
    "abort": Case("import os; os.abort()", printed="", status=-6),
    "alarm": Case(
        "import signal\nsignal.signal(14, lambda *_: print('rang'))\nsignal.alarm(1)\nsignal.pause()", printed="rang\n"
    ),
    "scratch files": Case("open('a', 'w').write('x'); print(open('a').read())", printed="x\n"),
    "source with a coding line": Case("# -*- coding: latin-1 -*-\nprint(len('é'))", printed="2\n"),
    "the hash seed": Case("print(hash('abc'))"),
    "its own excepthook": Case(
        "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1 / 0",
        printed="hook ZeroDivisionError\n",
        status=1,
    ),
}

LATE_IMPORTS = ("thread pool", "an import by name", "codecs")  # of what no import statement names


@pytest.fixture(scope="module")
def pool():
    with Pool(1) as made:
        yield made


def run(pool: Pool, program: str, given: str, limits: Limits = LIMITS) -> PlainRun:
    with Session(pool, program) as session:
        assert session.compile(LIMITS) is None
        return session.run(given, limits)


@pytest.mark.parametrize("name", CASES)
def test_runs_as_the_interpreter_does(pool, tmp_path, name):
    if name in LATE_IMPORTS and not imports_late(pool):
        pytest.skip(f"{pool.isolation()} cannot reach the library")
    if name == "scratch files" and not has_scratch(pool):
        pytest.skip(f"{pool.isolation()} has no scratch directory")
    program, given, printed, status = CASES[name]
    path = tmp_path / "program.py"
    path.write_bytes(source_bytes(program))
    plain, ours = run_program(path, given, LIMITS), run(pool, program, given)
    assert (ours.output, ours.exit_status) == (plain.output, plain.exit_status), ours.error + plain.error
    assert ours.exit_status == status
    if printed is not None:
        assert ours.output == printed


def test_no_state_is_carried_between_tests(pool):
    program = (
        "import math, random, sys, os, threading\nprint(hasattr(math, 'mark'), threading.active_count())\n"
        "math.mark = 1; sys.modules['builtins'].mark = 1; os.environ['A'] = 'b'\nprint(random.random())"
    )
    with Session(pool, program) as session:
        session.compile(LIMITS)
        first, second = (session.run("", LIMITS).output.splitlines() for _ in range(2))
    assert first[0] == second[0] == "False 1"
    assert first[1] != second[1]  # a random state of its own, as a fresh interpreter has


def test_no_file_is_carried_between_tests(pool):
    if not has_scratch(pool):
        pytest.skip(f"{pool.isolation()} has no scratch directory")
    program = (
        "import os\nprint(os.listdir('.'))\n"
        "os.makedirs('a/b/c'); open('a/b/f', 'w').close(); os.symlink('/', 'l'); os.chmod('a/b', 0)"
    )
    with Session(pool, program) as session:
        session.compile(LIMITS)
        assert [session.run("", LIMITS).output for _ in range(2)] == ["[]\n", "[]\n"]


def test_tracebacks_are_the_programs_own(pool):
    fault = run(pool, "def f():\n    return 1 / 0\nf()", "").error
    assert fault.startswith('Traceback (most recent call last):\n  File "program.py", line 3, in <module>\n')
    assert "zygote" not in fault
    assert ("return 1 / 0" in fault) == shows_source_lines(pool)


@pytest.mark.parametrize(
    ("program", "verdict"),
    [
        ("print(input())", Verdict.AC),
        ("print(2)", Verdict.WA),
        ("print(input()); 1 / 0", Verdict.RE),
        ("print(input(), flush=True); import os; os._exit(1)", Verdict.RE),
        ("import ctypes; ctypes.string_at(0)", Verdict.RE),
        ("print(", Verdict.CE),
        ("return", Verdict.CE),
        ("x = '\0'", Verdict.CE),
        ("x = '\udcff\ud800'", Verdict.CE),
        ("(" * 5000, Verdict.CE),
        ("while True: pass", Verdict.TLE),
        ("import time; time.sleep(60)", Verdict.TLE),
        ("x = bytearray(10**11)", Verdict.MLE),
        ("x = []\nwhile True: x.append(bytes(10**6))", Verdict.MLE),
        ("x = bytearray(10**8)\nprint(input())", Verdict.MLE),
        ("while True: print('x' * 1000)", Verdict.OLE),
        ("import sys\nwhile True: sys.stderr.write('x' * 1000)", Verdict.OLE),
    ],
)
def test_verdict_of_one_test(pool, program, verdict):
    limits = Limits(seconds=0.5, memory_bytes=64 * 2**20, output_bytes=10**6, wall_factor=1.0)
    report = judge(program, [TestCase("1\n", "1\n")], limits, pool=pool)
    assert report.verdict is verdict, report.results[0].error
    assert report.checker == "strict" and report.isolation


def test_the_report_has_the_first_verdict_in_the_precedence():
    results = [TestResult(verdict) for verdict in (Verdict.AC, Verdict.WA, Verdict.TLE)]
    assert Report(results, 3).verdict is Verdict.TLE
    assert Report([TestResult(verdict) for verdict in PRECEDENCE], 7).verdict is Verdict.CE
    assert set(PRECEDENCE) == set(Verdict)


def test_cpu_time_decides_and_a_busy_machine_does_not():
    limits = Limits(seconds=1.0)
    slow = PlainRun(
        "1", "", 0, cpu_seconds=0.9, wall_seconds=60.0, peak_bytes=0, timed_out=False, output_exceeded=False
    )
    assert verdict_of(slow, "1", limits) is Verdict.AC
    fast = PlainRun("1", "", 0, cpu_seconds=1.1, wall_seconds=1.1, peak_bytes=0, timed_out=False, output_exceeded=False)
    assert verdict_of(fast, "1", limits) is Verdict.TLE


def test_limits_come_from_the_data():
    assert limits_of(2.0, 2**29) == Limits(seconds=2.0 * PYTHON_TIME_FACTOR, memory_bytes=2**29)
    assert limits_of(None, 0).memory_bytes == DEFAULT_MEMORY_BYTES
    assert limits_of(None, None).seconds > limits_of(1.0, None).seconds
