"""Programs that attack: each fails at what it tries, and afterwards the machine is as it was and the judge answers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from judge.guards import LANDLOCK, NAMESPACES, SECCOMP, UID
from judge.judge import judge
from judge.pool import Pool
from judge.verdict import JudgeError, Limits, TestCase, TestResult, Verdict

LIMITS = Limits(seconds=0.4, memory_bytes=96 * 2**20, output_bytes=10**6, wall_factor=0.5)
SECRET = "expected-4711"
CANARY = "judge-canary-4711"
PLACES = ("/tmp", "/var/tmp", "/dev/shm", os.getcwd())

# Every one prints STOLEN when it succeeds.
THEFTS = {
    "reading host files": """
import os
for path in ("/etc/passwd", "/etc/hostname", "/root/.bashrc", "{cwd}/pyproject.toml", "/proc/1/cmdline", "/proc/meminfo"):
    try:
        open(path).read(); print("STOLEN", path)
    except OSError: pass
for path in ("/root", "/home", "/work", "{cwd}", "/var"):
    try:
        names = os.listdir(path)
        if set(names) - {{".pyenv"}}: print("STOLEN", path, names)
    except OSError: pass
""",
    "climbing out of the root": """
import os
for act in (lambda: os.chroot("."), lambda: os.listdir("../../../../../../home"), lambda: os.open("/proc/1/root", os.O_RDONLY)):
    try: act(); print("STOLEN")
    except OSError: pass
""",
    "the environment": """
import os
if os.environ: print("STOLEN", os.environ)
for pid in [*filter(str.isdigit, os.listdir("/proc")), "self", str(os.getppid()), "1", "{pid}"]:
    try: text = open(f"/proc/{{pid}}/environ").read()
    except OSError: continue
    if "canary" in text: print("STOLEN", pid, text)
""",
    "sockets": """
import socket
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, socket.AF_PACKET):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
        try: socket.socket(family, kind); print("STOLEN", family)
        except OSError: pass
""",
    "writing outside its scratch": """
import os
for place in {places!r} + ("/", "/program", "/dev", "/proc", "/usr/lib", "/root", os.path.dirname(os.__file__)):
    if os.path.realpath(place) == os.getcwd(): continue
    try: open(place + "/{canary}", "w").write("x"); print("STOLEN", place)
    except OSError: pass
for path in ("/program/program.py", os.__file__, "/dev/sda", "/dev/vda"):
    try: open(path, "r+b"); print("STOLEN", path)
    except OSError: pass
""",
    "a shell": """
import os, subprocess, sys
if os.system("true") == 0: print("STOLEN system")
for act in (
    lambda: subprocess.run(["/bin/sh", "-c", "true"]), lambda: os.execv("/bin/sh", ["sh"]),
    lambda: os.popen("id").read() or os.stat("/nowhere"), lambda: os.execv("/usr/bin/id", ["id"]),
    lambda: os.posix_spawn("/bin/sh", ["sh"], {{}}), os.fork, os.forkpty, lambda: os.execv(sys.executable, ["python"]),
):
    try: act(); print("STOLEN")
    except OSError: pass
""",
    "killing parents": """
import os, signal
for pid in (os.getppid(), 1, 2, -1, 0, {pid}, -os.getppid()):
    try: os.kill(pid, signal.SIGKILL); print("STOLEN", pid)
    except OSError: pass
try: os.killpg(os.getpgid(os.getppid()), signal.SIGKILL); print("STOLEN")
except OSError: pass
try: signal.pidfd_send_signal(os.pidfd_open(os.getppid()), signal.SIGKILL); print("STOLEN")
except OSError: pass
""",
    "walking frames and objects for the answer": """
import gc, sys
found = []
frame = sys._getframe()
while frame:
    found += [frame.f_locals, frame.f_globals]; frame = frame.f_back
text = repr(found) + repr(gc.get_objects()) + repr([vars(m) for m in list(sys.modules.values()) if hasattr(m, "__dict__")])
key = "expected-" + "4711"
if key in text: print("STOLEN", key)
""",
    "searching its own memory for the answer": """
import re
key = re.compile(b"expected-" + rb"\\d{{4}}")
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        first, last = (int(x, 16) for x in line.split()[0].split("-"))
        if "r" in line.split()[1] and last - first < 2**26 and "[v" not in line:
            memory.seek(first)
            if key.search(memory.read(last - first)): print("STOLEN", line)
""",
    "the zygote's memory": """
import os, ctypes
libc = ctypes.CDLL(None, use_errno=True)
for pid in (os.getppid(), 1, {pid}):
    if libc.ptrace(16, pid, 0, 0) == 0: print("STOLEN ptrace", pid)
    try: open(f"/proc/{{pid}}/mem", "rb"); print("STOLEN mem", pid)
    except OSError: pass
    local = ctypes.create_string_buffer(8)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(local), 8)
    if libc.process_vm_readv(pid, vector, 1, vector, 1, 0) > 0: print("STOLEN vm", pid)
""",
    "other descriptors": """
import os
for number in range(3, 1024):
    try: os.fstat(number); print("STOLEN", number)
    except OSError: pass
""",
    "privileges": """
import os, ctypes
libc = ctypes.CDLL(None)
for act in (lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.nice(-5), lambda: os.sched_setscheduler(0, 1, os.sched_param(9)),
            lambda: os.mknod("x", 0o60666, os.makedev(254, 0)), lambda: os.memfd_create("x")):
    try: act(); print("STOLEN")
    except OSError: pass
for name, arguments in (("unshare", (0x10000000,)), ("mount", (b"none", b"/tmp", b"tmpfs", 0, 0)), ("setns", (0, 0)), ("personality", (4,))):
    if getattr(libc, name)(*arguments) == 0: print("STOLEN", name)
import resource
for which in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
    try: resource.setrlimit(which, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)); print("STOLEN", which)
    except (OSError, ValueError): pass
""",
}

# Programs that want to be a burden, and the verdicts they may get.
BURDENS = {
    "an endless loop": ("while True: pass", {Verdict.TLE}),
    "a loop that swallows exceptions": (
        (
            "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
        ),
        {Verdict.TLE},
    ),
    "a loop inside native code": ("sum(range(10**15))", {Verdict.TLE}),
    "a catastrophic pattern": ("import re; re.match('(a*)*b', 'a' * 60)", {Verdict.TLE}),
    "sleep": ("import time; time.sleep(100)", {Verdict.TLE}),
    "waiting for itself": ("import threading; a = threading.Lock(); a.acquire(); a.acquire()", {Verdict.TLE}),
    "a thread that never ends": (
        "import threading, time; threading.Thread(target=time.sleep, args=(99,)).start()",
        {Verdict.TLE},
    ),
    "atexit that never ends": ("import atexit\n@atexit.register\ndef f():\n    while True: pass", {Verdict.TLE}),
    "memory at once": ("x = bytearray(10**11)", {Verdict.MLE}),
    "memory at once, touched": ("x = b'x' * (10**9)", {Verdict.MLE}),
    "memory by growth": ("x = []\nwhile True: x.append(bytes(10**6))", {Verdict.MLE}),
    "memory, swallowing the error": (
        "x = []\nwhile True:\n    try: x.append(bytearray(10**6))\n    except MemoryError: pass",
        {Verdict.MLE},
    ),
    "memory in anonymous maps": (
        "import mmap\nx = []\nwhile True:\n    x.append(mmap.mmap(-1, 2**22)); x[-1].write(bytes(2**22))",
        {Verdict.MLE, Verdict.RE},
    ),
    "output flood": ("while True: print('x' * 10**5)", {Verdict.OLE}),
    "error flood": ("import sys\nwhile True: print('x' * 10**5, file=sys.stderr)", {Verdict.OLE}),
    "a sparse output": ("import os; os.lseek(1, 2**40, 0); os.write(1, b'x')", {Verdict.RE}),
    "a fork bomb": ("import os\nwhile True: os.fork()", {Verdict.RE}),
    "a daemon": (
        "import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        import time; time.sleep(99)",
        {Verdict.RE},
    ),
    "200 threads": (
        "import threading, time\nfor i in range(200):\n    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
        {Verdict.WA, Verdict.RE},
    ),
    "threads without end": (
        "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
        {Verdict.RE, Verdict.TLE},
    ),
    "filling the disk": (
        "for i in range(10**6):\n    with open(f'f{i}', 'wb') as f: f.write(bytes(10**6))",
        {Verdict.RE, Verdict.OLE},
    ),
    "files without end": ("for i in range(10**6): open(f'f{i}', 'w').close()", {Verdict.RE}),
    "a deep tree": ("import os\nwhile True:\n    os.mkdir('d'); os.chdir('d')", {Verdict.RE, Verdict.TLE}),
    "descriptors without end": ("x = [open('/dev/null') for i in range(10**5)]", {Verdict.RE}),
    "segfault": ("import ctypes; ctypes.string_at(0)", {Verdict.RE}),
    "stack overflow": (
        (
            "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n    def __eq__(s, o): return [s] == [o]\nA() == A()\nx = A()\n"
            "f = lambda: max([0], key=lambda _: f())\nf()"
        ),
        {Verdict.RE, Verdict.MLE},
    ),
    "os._exit(0)": ("import os; os._exit(0)", {Verdict.WA}),
    "closing stdout": ("import os; os.close(0); os.close(1); os.close(2)", {Verdict.RE, Verdict.WA}),
    "a feigned fault of the judge's": ("import os; os._exit(97)", {Verdict.RE}),
    "a compiler bomb": (
        "x = " + "(" * 90 + "1" + ",)" * 90 + "\n" + "y = (1 << 10**9) if 0 else 2",
        {Verdict.WA, Verdict.CE},
    ),
    "a deep expression": ("x = " + "-" * 200000 + "1", {Verdict.CE}),
}


@pytest.fixture(scope="module")
def pool():
    os.environ["JUDGE_CANARY"] = "canary"
    with Pool(1, sandbox="prefer") as made:
        yield made
    del os.environ["JUDGE_CANARY"]


@pytest.fixture(autouse=True)
def unharmed(pool):
    """After each program: no process more, nothing written, and the judge answers."""
    restarts = pool.restarts
    assert judge("print(7)", [TestCase("", "7")], LIMITS, pool=pool).all_passed
    yield
    assert pool.restarts == restarts
    assert judge("print(7)", [TestCase("", "7")], LIMITS, pool=pool).all_passed
    assert settles(lambda: len(descendants()) == zygote_processes(pool)), descendants()
    for place in PLACES:
        assert not (Path(place) / CANARY).exists()


def descendants() -> set[int]:
    """The numbers of all processes beneath this one, wherever they hide."""
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {os.getpid()}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found - {os.getpid()}
        found |= more


def zygote_processes(pool: Pool) -> int:
    """How many processes an idle pool of one worker has: with namespaces one waits outside, too."""
    return 2 if NAMESPACES in pool.isolation() else 1


def settles(condition: Callable[[], bool]) -> bool:
    """Whether `condition` comes true: a process that was told to end needs a moment."""
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


def attack(pool: Pool, program: str, limits: Limits = LIMITS) -> TestResult:
    return judge(program, [TestCase("1\n", SECRET)], limits, pool=pool).results[0]


@pytest.mark.parametrize("name", THEFTS)
def test_nothing_is_stolen(pool, name):
    if pool.isolation() != f"fork+{NAMESPACES}+{UID}+{LANDLOCK}+{SECCOMP}":
        pytest.skip(f"needs full protection, and here there is {pool.isolation()}")
    program = THEFTS[name].format(pid=os.getpid(), cwd=os.getcwd(), places=PLACES, canary=CANARY)
    result = attack(pool, program, Limits(seconds=5.0, memory_bytes=256 * 2**20))
    assert "STOLEN" not in result.output, result.output
    assert result.verdict is Verdict.WA, (result.verdict, result.error)  # it ran to its end: it did try


@pytest.mark.parametrize("name", BURDENS)
def test_no_burden_is_too_heavy(pool, name):
    program, verdicts = BURDENS[name]
    if "fork" in program and SECCOMP not in pool.isolation():
        pytest.skip("needs seccomp")
    result = attack(pool, program)
    assert result.verdict in verdicts, (result.verdict, result.error[-300:])
    assert result.cpu_seconds < 10 * LIMITS.seconds
    assert result.peak_bytes < LIMITS.memory_bytes + 2**30
    assert len(result.output) <= LIMITS.output_bytes and len(result.error) <= 4000


def test_requiring_what_is_not_there_is_an_error():
    with Pool(1, sandbox="require", layers=(UID,)) as weak, pytest.raises(JudgeError, match="required"):
        judge("print(7)", [TestCase("", "7")], LIMITS, pool=weak)
