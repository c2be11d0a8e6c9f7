"""Every rung of protection: programs run right on it, its name is honest, and what it promises holds."""

import os
import shutil
import subprocess
import sys
import warnings
from itertools import combinations
from pathlib import Path

import pytest

from benchmarks.judge.processes import descendants
from judge.judge import judge
from judge.sandbox import selftest
from judge.sandbox.layers.guards import LANDLOCK, LAYERS, MEMORY, NAMESPACES, SECCOMP, UID
from judge.sandbox.pool import PLAIN, Pool
from judge.sandbox.worker import Refused, WorkerLost
from judge.verdict import JudgeError, Limits, TestCase, Verdict
from tests.judge.test_hostile import settles
from tests.support.rungs import zygote_processes

LIMITS = Limits(seconds=1.0, wall_factor=1.0)
SHORT = Limits(seconds=0.2, wall_factor=1.0)
SUM = "import heapq, decimal\nprint(sum(map(int, open(0).read().split())), open('/dev/null').read())"
DAEMON = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(99)
        os._exit(0)
print(1)
"""
# None, each alone, all but one, all; the others are for the long run.
RUNGS = [
    pytest.param(subset, id="+".join(subset) or "none", marks=[pytest.mark.long] if size in (2, 3) else [])
    for size in range(len(LAYERS) + 1)
    for subset in combinations(LAYERS, size)
]


def pool_of(*layers: str) -> Pool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        pool = Pool(1, layers=layers)
        pool.isolation()
    return pool


@pytest.mark.parametrize("layers", RUNGS)
def test_programs_run_right_on_every_rung(layers):
    with pool_of(*layers) as pool:
        held = pool.isolation().split("+")
        assert held[0] == "fork" and set(held[1:]) <= set(layers)
        report = judge(SUM, [TestCase("1 2 3", "6"), TestCase("4", "5")], LIMITS, pool=pool)
        assert [result.verdict for result in report.results] == [Verdict.AC, Verdict.WA], report.results[0].error
        assert report.isolation == pool.isolation()
        assert judge("while True: pass", [TestCase("", "")], SHORT, pool=pool).verdict is Verdict.TLE


@pytest.mark.parametrize("layers", [(), (UID,), (NAMESPACES,), (NAMESPACES, UID, LANDLOCK)], ids="+".join)
def test_without_seccomp_what_is_left_behind_is_killed(layers):
    with pool_of(*layers) as pool:
        for _ in range(2):
            assert judge(DAEMON, [TestCase("", "1")], LIMITS, pool=pool).all_passed
        assert settles(lambda: len(descendants()) == zygote_processes(pool))


@pytest.mark.parametrize(
    "missing", [(NAMESPACES,), (LANDLOCK,), (SECCOMP,), (NAMESPACES, LANDLOCK, SECCOMP)], ids="+".join
)
def test_a_kernel_that_refuses_a_layer_leaves_the_others(missing):
    """A whole judge, for which the kernel's answers are those of a machine without these layers."""
    with pool_of() as bare, pool_of(*LAYERS) as best:
        here = best.isolation().split("+")
        assert bare.isolation() == "fork"
    if SECCOMP not in here:
        pytest.skip("the lesser machine is simulated with seccomp")
    script = (
        "from judge.judge import judge\nfrom judge.verdict import *\n"
        f"r = judge({SUM!r}, [TestCase('1 2', '3')], Limits())\nprint(r.verdict, r.isolation, r.results[0].error)"
    )
    command = [sys.executable, "-m", "tests.support.lesser_machine", ",".join(missing), "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    verdict, isolation = done.stdout.split()
    left = [layer for layer in here if layer not in missing]
    if UID not in isolation and {NAMESPACES, UID} & set(missing) and LANDLOCK in isolation:
        left = [layer for layer in left if layer != UID]  # Landlock stands in for it
    assert (verdict, isolation) == ("AC", "+".join(left)), done.stderr


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer != MEMORY])
def test_each_layer_alone_keeps_its_promise(layer):
    promises = {
        NAMESPACES: "open('/etc/passwd')",
        UID: "import os; os.setgroups([])",
        LANDLOCK: "open('/etc/passwd')",
        SECCOMP: "import os; os.fork()",
    }
    with pool_of(layer) as pool:
        if layer not in pool.isolation():
            pytest.skip(f"there is no {layer} here")
        assert judge(promises[layer], [TestCase("", "")], LIMITS, pool=pool).verdict is Verdict.RE
    with pool_of() as bare:
        if os.geteuid() == 0 or layer != UID:
            bare_report = judge(promises[layer], [TestCase("", "")], LIMITS, pool=bare)
            assert (bare_report.verdict is Verdict.AC) == (layer != UID or "uid" in bare_report.isolation)


def test_less_than_asked_for_is_warned_of_once():
    with Pool(2, layers=(SECCOMP,)) as pool:
        with pytest.warns(RuntimeWarning, match="less protection"):
            judge("print(1)", [TestCase("", "1")], LIMITS, pool=pool)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert judge("print(1)", [TestCase("", "1")], LIMITS, pool=pool).isolation in ("fork+seccomp", "fork")


def test_off_is_off_without_a_word():
    with Pool(1, sandbox="off") as pool, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert judge("print(1)", [TestCase("", "1")], LIMITS, pool=pool).isolation == "fork"


def test_the_lowest_rung_is_the_plain_process(monkeypatch):
    def nothing(_layers, _acceptable):
        raise WorkerLost("no fork server on this machine")

    monkeypatch.setattr(selftest, "start", nothing)
    with Pool(1) as pool:
        with pytest.warns(RuntimeWarning, match="no fork server"):
            report = judge(SUM, [TestCase("1 2 3", "6"), TestCase("4", "5")], LIMITS, pool=pool)
        assert [result.verdict for result in report.results] == [Verdict.AC, Verdict.WA]
        assert report.isolation == PLAIN
        assert judge("x = (", [TestCase("", "")], LIMITS, pool=pool).verdict is Verdict.CE
    with Pool(1, sandbox="require") as pool, pytest.raises(JudgeError, match="required"):
        judge("print(1)", [TestCase("", "1")], LIMITS, pool=pool)


def test_a_rung_on_which_nothing_runs_is_left(monkeypatch):
    """A filter may lack a call that the interpreter of some machine needs."""
    try_out = selftest._try_out

    def under_a_filter_nothing_runs(worker):
        if SECCOMP in worker.layers:
            raise Refused("the self-test ended with wait status 31")
        return try_out(worker)

    monkeypatch.setattr(selftest, "_try_out", under_a_filter_nothing_runs)
    worker, held = selftest.start()
    worker.kill()
    assert SECCOMP not in held and held
    assert settles(lambda: not descendants())


def test_a_layer_that_does_not_hold_is_not_named(monkeypatch):
    monkeypatch.setattr(selftest, "_try_out", lambda worker: {"fork"})
    worker, held = selftest.start()
    worker.kill()
    assert SECCOMP not in held and not selftest.is_full(held)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_without_privileges(tmp_path):
    """The whole judge as an ordinary user, by an interpreter that this user can reach."""
    python = next(
        (found for found in (sys.executable, shutil.which("python3", path="/usr/bin")) if reachable(found)), None
    )
    if python is None:
        pytest.skip("no interpreter of at least this version that an ordinary user can start")
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.owner() == "root" and not folder.stat().st_mode & 1:
            folder.chmod(0o711)
    shutil.copytree("judge", tmp_path / "judge")
    script = (
        "from judge.judge import judge\nfrom judge.verdict import *\n"
        f"r = judge({SUM!r}, [TestCase('1 2', '3')], Limits())\nprint(r.verdict, r.isolation, r.results[0].error)\n"
        "a = judge('import os\\nos.fork()', [TestCase('', '')], Limits())\nprint(a.verdict)"
    )
    done = subprocess.run(
        [python, "-W", "ignore", "-c", script],
        cwd=tmp_path,
        user=65534,
        group=65534,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=60,
        env={},
        check=False,
    )
    assert done.stdout.startswith("AC fork+"), done.stdout + done.stderr
    assert "uid" not in done.stdout and done.stdout.endswith("RE\n")


def reachable(python: str | None) -> bool:
    if python is None or not Path(python).exists():
        return False
    version = f"import sys; sys.exit(sys.version_info < {sys.version_info[:2]})"
    try:
        return subprocess.run([python, "-c", version], user=65534, cwd="/", env={}, check=False).returncode == 0
    except PermissionError:
        return False


def failing(times: int):
    """`selftest._start`, which fails so many times first."""
    honest, left = selftest._start, [times]

    def start(layers):
        if left[0] > 0:
            left[0] -= 1
            raise WorkerLost("no process is left")
        return honest(layers)

    return start


@pytest.mark.parametrize("sandbox", ["prefer", "require"])
def test_a_failed_start_is_tried_again_and_lowers_nothing(monkeypatch, sandbox):
    with Pool(1) as best:
        isolation = best.isolation()
    monkeypatch.setattr(selftest, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(selftest, "_start", failing(2))
    with Pool(1, sandbox=sandbox) as pool, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert judge(SUM, [TestCase("1 2", "3")], LIMITS, pool=pool).isolation == isolation
        # Nor does one later: all zygotes of a pool are alike.
        pool.lose(pool._slots[0])
        monkeypatch.setattr(selftest, "_start", failing(3))
        assert judge(SUM, [TestCase("1 2", "3")], LIMITS, pool=pool).isolation == isolation
        pool.lose(pool._slots[0])
        monkeypatch.setattr(selftest, "_start", failing(10**9))
        with pytest.raises(JudgeError, match="no process is left"):
            judge(SUM, [TestCase("1 2", "3")], LIMITS, pool=pool)
        assert pool.isolation() == isolation


def test_a_layer_that_is_missing_once_is_tried_again(monkeypatch):
    honest, tries = selftest._start, []

    def start(layers):
        worker, held = honest(layers)
        tries.append(layers)
        return worker, held if len(tries) > 1 else [name for name in held if name != SECCOMP]

    monkeypatch.setattr(selftest, "_PAUSE_SECONDS", 0.0)
    with Pool(1) as best, Pool(1) as pool:
        isolation = best.isolation()
        monkeypatch.setattr(selftest, "_start", start)
        assert pool.isolation() == isolation


def test_what_is_required_is_never_lowered(monkeypatch):
    """Where a zygote does not start with namespaces, the other layers may be enough; without the filter they are not."""
    honest = selftest._start
    monkeypatch.setattr(selftest, "_PAUSE_SECONDS", 0.0)
    tried: list[set[str]] = []

    def start(layers):
        tried.append(set(layers))
        if SECCOMP in layers:
            raise Refused("the self-test ended with wait status 31")
        return honest(layers)

    monkeypatch.setattr(selftest, "_start", start)
    with Pool(1, sandbox="require") as pool, pytest.raises(JudgeError, match="required"):
        pool.isolation()
    assert tried and all(selftest.is_full(tuple(layers)) for layers in tried)


def test_the_memory_group_goes_with_its_zygote():
    with pool_of(*LAYERS) as pool:
        if MEMORY not in pool.isolation():
            pytest.skip("there is no memory group here")
        worker = pool._slots[0].worker
        assert worker is not None and worker._group is not None
        folder = Path(worker._group)
        assert folder.is_dir() and (folder / "cgroup.procs").read_text()
    assert not folder.exists()
    # Those of judges that were killed together with their zygotes go when the next judge starts.
    stale = folder.with_name("judge-4999999-0")
    stale.mkdir()
    with pool_of(*LAYERS):
        assert not stale.exists()


def test_zombies_are_reaped_in_bulk():
    script = (
        "import os\nfrom judge.sandbox import watch\n"
        "for _ in range(200):\n    if os.fork() == 0: os._exit(0)\n"
        "looks, honest = [], os.listdir\n"
        "def counted(path):\n    looks.append(path)\n    return honest(path)\n"
        "os.listdir = counted\nwatch._kill_descendants()\n"
        "try: os.waitpid(-1, 0)\nexcept ChildProcessError: print(len(looks) < 20)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "True\n", done.stderr
