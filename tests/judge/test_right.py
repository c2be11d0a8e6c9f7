"""The judge runs a program as `python program.py` would: every case here holds for the plain subprocess as well."""

from __future__ import annotations

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

# (program, standard input, what it prints, exit status)
CASES = {
    "hello": ("print('hello')", "", "hello\n", 0),
    "input to the end": ("import sys; print(sum(map(int, sys.stdin)))", "1\n2\n3", "6\n", 0),
    "end of input": ("input()", "", "", 1),
    "read by descriptor": ("import os; print(os.read(0, 99))", "ab\n", "b'ab\\n'\n", 0),
    "stdin is a file": (
        "import os, stat; print(stat.S_ISREG(os.fstat(0).st_mode), os.fstat(0).st_size)",
        "abc",
        None,
        0,
    ),
    "open(0)": ("print(open(0).read().split())", "a b\nc", "['a', 'b', 'c']\n", 0),
    "/dev/stdin": ("print(open('/dev/stdin').read())", "abc", "abc\n", 0),
    "seek in stdin": (
        "import sys; a = sys.stdin.read(); sys.stdin.seek(0); print(a == sys.stdin.read())",
        "x\n",
        None,
        0,
    ),
    "memory map of stdin": ("import mmap; print(mmap.mmap(0, 0, prot=mmap.PROT_READ)[:])", "abc", "b'abc'\n", 0),
    "modes and names": (
        (
            "import sys\nfor f in (sys.stdin, sys.stdout, sys.stderr):\n"
            "    print(f.name, f.mode, f.fileno(), f.encoding, f.errors, f.isatty(), f.line_buffering, f.seekable())"
        ),
        "",
        None,
        0,
    ),
    "the FastIO template": (FAST_IO, "2\n3\n", "5\n", 0),
    "carriage returns": ("print(repr(input()), repr(input()))", "a\r\nb\r\n", "'a\\r' 'b\\r'\n", 0),
    "not UTF-8": ("import sys; print(ascii(input())); print(sys.stdout.errors)", "caf\udce9\n", None, 0),
    "exit()": ("print(1)\nexit()", "", "1\n", 0),
    "quit()": ("print(1)\nquit()", "", "1\n", 0),
    "exit with text": ("import sys; sys.exit('no')", "", "", 1),
    "exit with a number": ("import sys; print('right'); sys.exit(3)", "", "right\n", 3),
    "exit with -1": ("raise SystemExit(-1)", "", "", 255),
    "exit with 256": ("raise SystemExit(256)", "", "", 0),
    "main": ("if __name__ == '__main__': print(__name__, __doc__, __spec__, __package__)", "", None, 0),
    "globals": ("print(sorted(globals()))", "", None, 0),
    "import main": ("x = 5\nimport __main__\nprint(__main__.x)", "", "5\n", 0),
    "pickle of its own class": (
        "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)",
        "",
        None,
        0,
    ),
    "dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nprint(P(3))",
        "",
        "P(x=3)\n",
        0,
    ),
    "argv": ("import sys; print(len(sys.argv), sys.argv[0].endswith('program.py'))", "", "1 True\n", 0),
    "exception": ("print('before')\n1 / 0", "", "before\n", 1),
    "atexit": ("import atexit; atexit.register(print, 'bye'); print('hi')", "", "hi\nbye\n", 0),
    "atexit after an exception": ("import atexit; atexit.register(print, 'bye'); 1 / 0", "", "bye\n", 1),
    "a file flushed at the end": ("f = open(1, 'w', closefd=False); f.write('late')", "", "late", 0),
    "a finaliser": ("class A:\n    def __del__(self): print('gone')\na = A()", "", "gone\n", 0),
    "a finaliser in a cycle": ("class A:\n    def __del__(self): print('gone')\na = A(); a.me = a", "", "gone\n", 0),
    "no newline at the end": ("import sys; sys.stdout.write('x')", "", "x", 0),
    "os.write and print": ("import os; print('b', flush=True); os.write(1, b'a')", "", "b\na", 0),
    "os._exit loses the buffer": ("import os; print('lost'); os._exit(0)", "", "", 0),
    "closed stdout": ("import sys; print(1); sys.stdout.close()", "", "1\n", 0),
    "closed descriptor": ("import os; print(1); os.close(1)", "", "", 120),
    "threads": (
        (
            "import threading\nts = [threading.Thread(target=print, args=(i,)) for i in range(8)]\n"
            "[t.start() for t in ts]\n[t.join() for t in ts]"
        ),
        "",
        "".join(f"{i}\n" for i in range(8)),
        0,
    ),
    "a thread that outlives main": (
        "import threading, time\ndef f():\n    time.sleep(0.05); print('late')\nthreading.Thread(target=f).start()",
        "",
        "late\n",
        0,
    ),
    "thread pool": (
        "from concurrent.futures import ThreadPoolExecutor as T\nwith T(4) as t: print(sum(t.map(int, '123')))",
        "",
        "6\n",
        0,
    ),
    "an exception in a thread": ("import threading; threading.Thread(target=lambda: 1/0).start()", "", "", 0),
    "deep recursion in a thread": (
        (
            "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(2**27)\n"
            "def f(n): return 0 if n == 0 else 1 + max(f(n - 1), 0)\n"
            "t = threading.Thread(target=lambda: print(f(10**5)))\nt.start(); t.join()"
        ),
        "",
        "100000\n",
        0,
    ),
    "deep recursion through C": (
        (
            "import sys, functools\nsys.setrecursionlimit(10**6)\n@functools.lru_cache(None)\n"
            "def f(n): return 0 if n == 0 else 1 + f(n - 1)\nprint(f(30000))"
        ),
        "",
        "30000\n",
        0,
    ),
    "how deep it goes": (
        "d = 0\ndef f():\n    global d\n    d += 1\n    f()\ntry: f()\nexcept RecursionError: print(d)",
        "",
        None,
        0,
    ),
    "runaway recursion": ("def f(): f()\nf()", "", "", 1),
    "big integers": ("print(len(str(3**20000)), int('9' * 5000) % 7)", "", None, 0),
    "asyncio": (
        "import asyncio\nasync def m():\n    await asyncio.sleep(0)\n    print(1)\nasyncio.run(m())",
        "",
        "1\n",
        0,
    ),
    "a late import": (
        "def f():\n    import decimal, json, fractions\n    return decimal.Decimal(1) / 3\nprint(f())",
        "",
        None,
        0,
    ),
    "an import by name": ("print(__import__('string').digits)", "", "0123456789\n", 0),
    "no such module": ("import nowhere", "", "", 1),
    "codecs": ("print('é'.encode('latin-1'), 'x'.encode('idna'), b'a'.decode('utf-16-le', 'replace'))", "", None, 0),
    "resource limits": (
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_STACK, (2**26, resource.RLIM_INFINITY))\nprint('ok')",
        "",
        "ok\n",
        0,
    ),
    "its own signal": ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "", "", -15),
    "abort": ("import os; os.abort()", "", "", -6),
    "alarm": (
        "import signal\nsignal.signal(14, lambda *_: print('rang'))\nsignal.alarm(1)\nsignal.pause()",
        "",
        "rang\n",
        0,
    ),
    "scratch files": ("open('a', 'w').write('x'); print(open('a').read())", "", "x\n", 0),
    "source with a coding line": ("# -*- coding: latin-1 -*-\nprint(len('é'))", "", "2\n", 0),
    "the hash seed": ("print(hash('abc'))", "", None, 0),
    "its own excepthook": (
        "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1 / 0",
        "",
        "hook ZeroDivisionError\n",
        1,
    ),
}

LATE_IMPORTS = ("thread pool", "an import by name", "codecs")  # of what no import statement names


@pytest.fixture(scope="module")
def pool():
    with Pool(1) as made:
        yield made


def run(pool: Pool, program: str, given: str, limits: Limits = LIMITS) -> PlainRun:
    with Session(pool, program) as session:
        assert session.compile() is None
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
        session.compile()
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
        session.compile()
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
