"""Programs that attack: each fails at what it tries, and afterwards the machine is as it was and the judge answers."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.judge.processes import descendants
from judge.judge import judge
from judge.sandbox.layers.guards import LANDLOCK, NAMESPACES, SECCOMP, UID
from judge.sandbox.pool import Pool
from judge.sandbox.process import run_program
from judge.verdict import JudgeError, Limits, Report, TestCase, TestResult, Verdict
from tests.support.rungs import has_scratch, layers_of, pools, zygote_processes

LIMITS = Limits(seconds=0.4, memory_bytes=96 * 2**20, output_bytes=10**6, wall_factor=0.5)
SECRET = "expected-4711"
CANARY = f"judge-canary-{os.getpid()}"  # tests of several processes run at once
PLACES = ("/tmp", "/var/tmp", "/dev/shm", os.getcwd())

# Every one prints STOLEN when it succeeds.
THEFTS = {
    "reading host files": """
import os, sys
lead_to_the_library = {{part for entry in [*sys.path, sys.prefix, sys.base_prefix] for part in entry.split("/")}}
for path in ("/etc/passwd", "/etc/hostname", "/root/.bashrc", "{cwd}/pyproject.toml", "/proc/1/cmdline", "/proc/meminfo"):
    try:
        text = open(path).read()
        if "judge.sandbox.zygote" not in text: print("STOLEN", path)  # process 1 of its own world is no secret
    except OSError: pass
for path in ("/root", "/home", "/work", "{cwd}", "/var"):
    try:
        names = os.listdir(path)
        if set(names) - lead_to_the_library: print("STOLEN", path, names)
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
try: pids = [*filter(str.isdigit, os.listdir("/proc"))]
except OSError: pids = []
for pid in [*pids, "self", str(os.getppid()), "1", "{pid}", "{keeper}"]:
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
if os.system("true") == 0: print("STOLEN system", flush=True)
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
import fcntl
reader, writer = os.pipe()
try:
    fcntl.fcntl(reader, fcntl.F_SETOWN, os.getppid()); fcntl.fcntl(reader, 10, signal.SIGKILL)
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK); os.write(writer, b"x"); print("STOLEN")
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
    "changing files that it cannot open": """
import os, ctypes
libc = ctypes.CDLL(None, use_errno=True)
for path in ("{kept}/secret", "{kept}", "/dev/null", "/dev/urandom"):
    try: status = os.stat(path)
    except OSError: continue
    for name, act in (
        ("chmod", lambda: os.chmod(path, status.st_mode & 0o7777)), ("utime", lambda: os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))),
        ("fchmod", lambda: os.fchmod(os.open(path, os.O_RDONLY), status.st_mode & 0o7777)), ("chown", lambda: os.chown(path, status.st_uid, status.st_gid)),
        ("setxattr", lambda: os.setxattr(path, "user.x", b"x")), ("link", lambda: os.link(path, path + "2")),
        ("truncate", lambda: os.truncate(path, 4096)), ("open to cut", lambda: os.close(os.open(path, os.O_RDONLY | os.O_TRUNC))),
    ):
        if name == "open to cut" and path.startswith("/dev"): continue  # which cuts nothing
        try: act(); print("STOLEN", name, path)
        except OSError: pass
    mode = status.st_mode & 0o7777
    for number, arguments in ((268, (-100, path.encode(), mode)), (452, (-100, path.encode(), mode, 0)), (280, (-100, path.encode(), 0, 0))):
        if os.uname().machine == "x86_64" and libc.syscall(number, *arguments) == 0: print("STOLEN", number, path)
""",
    "datagrams to names": """
import socket
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
for name in ("{kept}/socket", "\\0{canary}"):
    for act in (lambda: one.sendto(b"x", name), lambda: one.sendmsg([b"x"], [], 0, name), lambda: one.connect(name)):
        try: act(); print("STOLEN", name)
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
TLE, MLE, OLE, RE, WA, CE = Verdict.TLE, Verdict.MLE, Verdict.OLE, Verdict.RE, Verdict.WA, Verdict.CE
BURDENS = {
    "an endless loop": ("while True: pass", [TLE]),
    "a loop that swallows exceptions": (
        "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass",
        [TLE],
    ),
    "a loop inside native code": ("sum(range(10**15))", [TLE]),
    "a catastrophic pattern": ("import re; re.match('(a*)*b', 'a' * 60)", [TLE]),
    "sleep": ("import time; time.sleep(100)", [TLE]),
    "waiting for itself": ("import threading; a = threading.Lock(); a.acquire(); a.acquire()", [TLE]),
    "a thread that never ends": (
        "import threading, time; threading.Thread(target=time.sleep, args=(99,)).start()",
        [TLE],
    ),
    "atexit that never ends": ("import atexit\n@atexit.register\ndef f():\n    while True: pass", [TLE]),
    "memory at once": ("x = bytearray(10**11)", [MLE]),
    "memory at once, touched": ("x = b'x' * (10**9)", [MLE]),
    "memory by growth": ("x = []\nwhile True: x.append(bytes(10**6))", [MLE]),
    "memory, swallowing the error": (
        "x = []\nwhile True:\n    try: x.append(bytearray(10**6))\n    except MemoryError: pass",
        [MLE],
    ),
    "memory in anonymous maps": (
        "import mmap\nx = []\nwhile True:\n    x.append(mmap.mmap(-1, 2**22)); x[-1].write(bytes(2**22))",
        [MLE, RE],
    ),
    "output flood": ("while True: print('x' * 10**5)", [OLE]),
    "error flood": ("import sys\nwhile True: print('x' * 10**5, file=sys.stderr)", [OLE]),
    "a sparse output": ("import os; os.lseek(1, 2**40, 0); os.write(1, b'x')", [RE]),
    "a fork bomb": ("import os\nwhile True: os.fork()", [RE]),
    "a daemon": (
        "import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        import time; time.sleep(99)",
        [RE],
    ),
    "200 threads": (
        "import threading, time\nfor i in range(200):\n    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
        [WA, RE],
    ),
    "threads without end": (
        "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()",
        [RE, TLE],
    ),
    "filling the disk": ("for i in range(10**6):\n    with open(f'f{i}', 'wb') as f: f.write(bytes(10**6))", [RE, OLE]),
    "files without end": ("for i in range(10**6): open(f'f{i}', 'w').close()", [RE]),
    "a deep tree": ("import os\nwhile True:\n    os.mkdir('d'); os.chdir('d')", [RE, TLE]),
    "descriptors without end": ("x = [open('/dev/null') for i in range(10**5)]", [RE]),
    "segfault": ("import ctypes; ctypes.string_at(0)", [RE]),
    "stack overflow": (
        "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n    def __eq__(s, o): return [s] == [o]\nA() == A()\nx = A()\nf = lambda: max([0], key=lambda _: f())\nf()",
        [RE, MLE],
    ),
    "os._exit(0)": ("import os; os._exit(0)", [WA]),
    "closing stdout": ("import os; os.close(0); os.close(1); os.close(2)", [RE, WA]),
    "a feigned fault of the judge's": ("import os; os._exit(97)", [RE]),
    "a compiler bomb": ("x = " + "(" * 90 + "1" + ",)" * 90 + "\n" + "y = (1 << 10**9) if 0 else 2", [WA, CE]),
    "a deep expression": ("x = " + "-" * 200000 + "1", [CE]),
}

# Memory that is not resident, and how much of it a rung without a memory group may let pass: what 256 descriptors hold.
MEMORY_TRICKS = {
    "shared maps dropped from the page table": (
        "import mmap\nM = 2**20\nm = mmap.mmap(-1, 896 * M)\nfor i in range(0, 896, 8):\n    m[i*M:(i+8)*M] = b'x' * (8*M)\n    m.madvise(mmap.MADV_DONTNEED, i*M, 8*M)\nimport time; time.sleep(9)",
        [MLE],
    ),
    "a first thread that leaves": (
        "import ctypes, os, threading, time\ndef hog():\n    time.sleep(0.1)\n    kept = [bytearray(b'x' * 2**23) for _ in range(60)]\n    time.sleep(9)\nthreading.Thread(target=hog).start()\nctypes.CDLL(None).syscall({'x86_64': 60, 'aarch64': 93}[os.uname().machine], 0)",
        [MLE],
    ),
    "a table of descriptors for each thread": (
        "import ctypes\nif ctypes.CDLL(None).syscall(436, ctypes.c_uint(3), ctypes.c_uint(2**32 - 1), ctypes.c_uint(2)) == 0: print('expected-' + '4711')",
        [WA],
    ),
    "pipes full of data": (
        "import fcntl, os\ntotal = 0\ntry:\n    while True:\n        r, w = os.pipe(); os.set_blocking(w, False)\n        try: fcntl.fcntl(w, 1031, 2**20)\n        except OSError: pass\n        try:\n            while True: total += os.write(w, bytes(65536))\n        except BlockingIOError: pass\nexcept OSError: pass\nif total > 32 * 2**20: print('expected-' + '4711')",
        [WA],
    ),
    "sockets full of data": (
        "import os, socket\nkept = []; total = 0\ntry:\n    while True:\n        for s in socket.socketpair():\n            kept.append(s); s.setblocking(False)\n            try:\n                while True: total += s.send(bytes(65536))\n            except BlockingIOError: pass\nexcept OSError: pass\nif total > 128 * 2**20: print('expected-' + '4711')",
        [WA, MLE],
    ),
}

FILES = ("filling the disk", "files without end", "a deep tree")

# What keeps a candidate from each theft: any one of these sets of layers. The empty set: nothing is needed.
KEPT_BY: dict[str, list[set[str]]] = {
    "reading host files": [{NAMESPACES}, {LANDLOCK}],
    "climbing out of the root": [{NAMESPACES}, {LANDLOCK}],
    "the environment": [{NAMESPACES}, {LANDLOCK}, {UID}],
    "sockets": [{SECCOMP}],
    "writing outside its scratch": [{NAMESPACES, UID}, {LANDLOCK}],
    "a shell": [{SECCOMP}],
    "killing parents": [{SECCOMP}],
    "walking frames and objects for the answer": [set()],
    "searching its own memory for the answer": [set()],
    "the zygote's memory": [{SECCOMP, UID}, {SECCOMP, LANDLOCK}, {SECCOMP, NAMESPACES}],
    "other descriptors": [set()],
    "privileges": [{SECCOMP}],
    "changing files that it cannot open": [{NAMESPACES, LANDLOCK}, {SECCOMP}],
    "datagrams to names": [{NAMESPACES}, {SECCOMP}],
}


@pytest.fixture(scope="module")
def rungs():
    """A pool for each rung of protection that there is here, the best first."""
    with pools() as made:
        for pool in made:
            assert judge("print(7)", [TestCase("", "7")], LIMITS, pool=pool).all_passed
        yield made


@pytest.fixture(scope="module")
def keeper():
    """The number of a process of this user's, outside, that has a secret in its environment."""
    with subprocess.Popen(["sleep", "3600"], env={**os.environ, "JUDGE_CANARY": "canary"}) as process:
        yield process.pid
        process.kill()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder of this user's that everybody may enter, with a file and a socket in it, and an abstract socket."""
    folder = Path(tempfile.mkdtemp(prefix="judge-kept-"))
    folder.chmod(0o755)
    (folder / "secret").write_text("x" * 4096)
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as named,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as un,
    ):
        named.bind(f"{folder}/socket")
        (folder / "socket").chmod(0o777)
        un.bind(f"\0{CANARY}")
        yield folder
    shutil.rmtree(folder)


@pytest.fixture
def pool(rungs):
    """With as much protection as can be had here."""
    return rungs[0]


@pytest.fixture(autouse=True)
def unharmed(rungs, keeper):
    """After each program: no process more, no file more, the zygotes as small as before, and the judge answers."""
    restarts = [pool.restarts for pool in rungs]
    here, resident = set(os.listdir()), resident_bytes()
    yield
    assert [pool.restarts for pool in rungs] == restarts
    assert settles(lambda: len(descendants() - {keeper}) == sum(map(zygote_processes, rungs))), descendants()
    for pool in rungs:
        program, said = ("import os; print(os.listdir('.'))", "[]") if has_scratch(pool) else ("print(7)", "7")
        empty = judge(program, [TestCase("", said)], LIMITS, pool=pool)
        assert empty.all_passed, empty.results[0].output
    for place in PLACES:
        assert not (Path(place) / CANARY).exists()
    assert set(os.listdir()) == here
    assert resident_bytes() < resident + 64 * 2**20


def resident_bytes() -> int:
    """What this process and all beneath it have in memory, shared pages counted each time."""
    pages = 0
    for pid in descendants() | {os.getpid()}:
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            continue  # it has just ended
    return pages * os.sysconf("SC_PAGE_SIZE")


def settles(condition: Callable[[], bool]) -> bool:
    """Whether `condition` comes true: a process that was told to end needs a moment."""
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


def attack(pool: Pool, program: str, limits: Limits = LIMITS) -> TestResult:
    return judge(program, [TestCase("1\n", SECRET)], limits, pool=pool).results[0]


def theft(name: str, keeper: int, kept: Path) -> str:
    """The program that tries to steal."""
    return THEFTS[name].format(pid=os.getpid(), keeper=keeper, kept=kept, cwd=os.getcwd(), places=PLACES, canary=CANARY)


def keeps(pool: Pool, name: str) -> bool:
    """Whether the rung promises to prevent the theft."""
    layers = layers_of(pool)
    if name == "writing outside its scratch" and NAMESPACES in layers and UID not in layers:
        return False  # of its world it may write where its source would lie
    return any(needed <= layers for needed in KEPT_BY[name])


@pytest.mark.parametrize("name", THEFTS)
def test_nothing_is_stolen_on_any_rung_that_promises_so(rungs, keeper, kept, name):
    promising = [pool for pool in rungs if keeps(pool, name)]
    if not promising:
        pytest.skip(f"no protection from it here: {[pool.isolation() for pool in rungs]}")
    program = theft(name, keeper, kept)
    for pool in promising:
        result = attack(pool, program, Limits(seconds=5.0, memory_bytes=256 * 2**20))
        assert "STOLEN" not in result.output, (pool.isolation(), result.output)
        # It ran to its end: it did try.
        assert result.verdict is Verdict.WA, (pool.isolation(), result.verdict, result.error)


@pytest.mark.parametrize(
    "name",
    [
        *("reading host files", "climbing out of the root", "sockets", "a shell", "privileges"),
        *("changing files that it cannot open", "datagrams to names"),
    ],
)
def test_a_theft_succeeds_without_protection(rungs, keeper, kept, name):
    """So the test above can fail. Thefts that would do harm here are not tried."""
    bare = next(pool for pool in rungs if not layers_of(pool))
    assert "STOLEN" in attack(bare, theft(name, keeper, kept), Limits(seconds=5.0, memory_bytes=256 * 2**20)).output


def test_environments_are_open_to_a_plain_process(keeper, kept, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(theft("the environment", keeper, kept))
    assert f"STOLEN {keeper}" in run_program(program, "", Limits(seconds=5.0)).output


@pytest.mark.parametrize("name", BURDENS)
def test_no_burden_is_too_heavy(pool, name):
    program, verdicts = BURDENS[name]
    if "fork" in program and SECCOMP not in layers_of(pool):
        pytest.skip("needs seccomp")
    if name in FILES and layers_of(pool) <= {SECCOMP}:
        pytest.skip("needs a layer that bounds what is written")
    result = attack(pool, program)
    assert result.verdict in verdicts, (result.verdict, result.error[-300:])
    assert result.cpu_seconds < 10 * LIMITS.seconds
    assert result.peak_bytes < LIMITS.memory_bytes + 2**30
    assert len(result.output) <= LIMITS.output_bytes and len(result.error) <= 4000


@pytest.mark.parametrize("name", MEMORY_TRICKS)
def test_memory_that_is_not_resident_is_counted_or_bounded(rungs, name):
    """With a memory group and without, on every rung with the filter."""
    program, verdicts = MEMORY_TRICKS[name]
    tried = [pool for pool in rungs if SECCOMP in layers_of(pool)]
    if not tried:
        pytest.skip("needs seccomp")
    for pool in tried:
        result = attack(pool, program, Limits(seconds=2.0, memory_bytes=64 * 2**20))
        assert result.verdict in verdicts, (pool.isolation(), result.verdict, result.error[-300:])
        assert result.peak_bytes < 2**29


@pytest.mark.parametrize(
    "legacy",
    [
        "import os; os.chmod('.', 0)",
        "import os; os.mkdir('d'); open('d/f', 'w').close(); os.chmod('d', 0); os.chmod('.', 0o500)",
        "open('/program/random.py', 'w').write('x = 1')",
    ],
)
def test_nothing_a_test_leaves_behind_reaches_the_next(rungs, legacy):
    heir = (
        "import os, random\nopen('mine', 'w').write('x')\n"
        "print(os.listdir('.'), 'random.py' in os.listdir('/program'), hasattr(random, 'x'))"
    )
    for pool in filter(has_scratch, rungs):
        attack(pool, legacy)
        left = judge(heir, [TestCase("", "['mine'] False False")] * 2, LIMITS, pool=pool)
        assert left.all_passed, (pool.isolation(), left.results[0].output, left.results[0].error)
    # Within one program, whose process stays for all of its tests.
    both = f"if int(input()):\n    {legacy.replace('; ', chr(10) + '    ')}\nelse:\n    import os; open('mine', 'w').close(); print(1)"
    for pool in filter(has_scratch, rungs):
        report = judge(both, [TestCase("1", ""), TestCase("0", "1")], LIMITS, pool=pool)
        assert report.results[1].passed, (pool.isolation(), report.results[1].error)


def test_a_flood_on_many_tests_is_not_kept_where_texts_are_not_wanted(pool):
    flood = "while True: print('yes ' * 10**4)"
    before = resident_bytes()
    report = judge(
        flood, [TestCase(str(n), "") for n in range(40)], Limits(output_bytes=4 * 2**20), pool=pool, texts=False
    )
    assert report.verdict is Verdict.OLE and len(report.results) == 40
    assert all(result.output == result.error == "" for result in report.results)
    assert resident_bytes() < before + 64 * 2**20


def test_requiring_what_is_not_there_is_an_error():
    with Pool(1, sandbox="require", layers=(UID,)) as weak, pytest.raises(JudgeError, match="required"):
        judge("print(7)", [TestCase("", "7")], LIMITS, pool=weak)


def test_a_program_cannot_have_itself_killed_by_its_limit_of_cpu_time(pool):
    """It would look as if the machine had killed it: not judged, in place of wrong."""
    program = (
        "import resource\nprint('wrong', flush=True)\n"
        "try:\n    resource.setrlimit(resource.RLIMIT_CPU, (0, 0))\nexcept (ValueError, OSError):\n    pass\n"
        "resource.setrlimit(resource.RLIMIT_STACK, resource.getrlimit(resource.RLIMIT_STACK))\n"
        "n = 0\nwhile n < 10**7: n += 1\n"
    )
    if SECCOMP not in layers_of(pool):
        pytest.skip("needs seccomp")
    assert judge(program, [TestCase("", "right")], Limits(seconds=5), pool=pool).verdict is Verdict.WA


def test_reports_survive_as_text():
    results = [TestResult(Verdict.WA, "\ud800\u2028", "error", 0.5, 1.0, 3, 7), TestResult(Verdict.AC)]
    report = Report(results, 4, "fork", "strict", 1)
    assert Report.of_json(report.as_json()) == report
