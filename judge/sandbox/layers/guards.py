"""What stands between a candidate and the machine: the layers, which of them hold here, and how they are put on.

Every layer is optional; the name of what a candidate ran under lists those that held, "fork+namespaces+uid+..." at
best. What they protect from, and what not, is told in `judge.sandbox.pool`.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Sequence

from judge.sandbox.layers import kernel, landlock
from judge.sandbox.layers.memory import MemoryGroup
from judge.sandbox.layers.seccomp import Filter

NAMESPACES, UID, LANDLOCK, SECCOMP, MEMORY = "namespaces", "uid", "landlock", "seccomp", "memory"
LAYERS = (NAMESPACES, UID, LANDLOCK, SECCOMP, MEMORY)

MAX_THREADS = 256
THREAD_STACK = 8 * 2**20  # of threads that do not ask: the usual, though the stack of the first thread is larger
# Address space beyond the memory limit: thread stacks are reserved by size, not by use.
STACK_ROOM = MAX_THREADS * THREAD_STACK + 2**28
MAX_FILES = 256
_FIRST_UID = 1 << 24  # far from anybody's; the zygote's own number is added, so no two candidates share one
_NOBODY = 65534


class Guards:
    """The layers of one zygote. Made once, in the zygote; `enter_program` is called in the process of each program,
    `enter` in that of each test, which is forked from it.

    Args:
        wanted: which of `LAYERS` to use; those that the kernel refuses are left out of `held`.
        identity: a number that no other living zygote of this machine has.
        in_namespaces: whether the zygote lives in its own namespaces already.
        readable: paths that the candidate must be able to read.
        writable: its scratch directories.
        group: the zygote's own memory group, if it has one.
    """

    def __init__(
        self,
        wanted: Sequence[str],
        identity: int,
        *,
        in_namespaces: bool,
        readable: Sequence[str],
        writable: Sequence[str],
        group: MemoryGroup | None = None,
    ) -> None:
        self.group = group
        self._in_namespaces = in_namespaces
        self._readable = readable
        self._landlock = LANDLOCK in wanted and _possible(landlock.version)
        # Where the interpreter lies in a directory that is closed to others, another user cannot import what is not
        # imported yet, and right programs would fail. Landlock does for files what the other user is for.
        keep_reach = self._landlock and not in_namespaces
        self._uid = _free_uid(identity, readable if keep_reach else []) if UID in wanted else None
        self._filter: Filter | None = None
        if SECCOMP in wanted and _in_a_fork(lambda: Filter(own_world=in_namespaces).install(os.getpid())):
            self._filter = Filter(own_world=in_namespaces)
            self._executing_filter = Filter(own_world=in_namespaces, executes=True)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        if self._uid is not None:
            os.setgroups([])
            os.setresgid(self._uid, self._uid, self._uid)
        # In a world of its own the rules are the same for all programs.
        self._rules: int | None = None
        if self._landlock and in_namespaces:
            self._rules = landlock.ruleset([*readable, "/proc"], [*writable, "/dev"])

    @property
    def held(self) -> list[str]:
        """The layers in use."""
        layers = {
            NAMESPACES: self._in_namespaces,
            UID: self._uid is not None,
            LANDLOCK: self._landlock,
            SECCOMP: self._filter is not None,
            MEMORY: self.group is not None,
        }
        return [name for name in LAYERS if layers[name]]

    @property
    def forks_blocked(self) -> bool:
        """Whether a candidate cannot leave processes behind."""
        return self._filter is not None

    def enter_program(self) -> None:
        """Put the process of a program, a fresh fork of the zygote's, under what is the same for all of its tests.

        Raises:
            OSError: a layer that was possible before is refused now.
        """
        if self._rules is not None:
            landlock.restrict(self._rules)

    def enter(self, cpu_seconds: float, memory_bytes: int, output_bytes: int, *, executes: bool = False) -> None:
        """Put this process, a fresh fork of a program's, under everything. No way back.

        With `executes` it may become another program, which all of this holds for as well.

        Raises:
            OSError, ValueError: a layer that was possible before is refused now.
        """
        if self._filter is None:
            os.setsid()  # out of the zygote's process group, which it could signal; the filter denies that anyway
        # The zygote watches by the precise clock. This holds if it cannot; the kernel counts ticks, 10 % off at times.
        seconds = int(cpu_seconds * 1.5) + 2
        _limit(resource.RLIMIT_CPU, seconds)
        _limit(resource.RLIMIT_AS, memory_bytes + STACK_ROOM)
        _limit(resource.RLIMIT_FSIZE, output_bytes + 1)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_NOFILE, MAX_FILES)
        if self._uid is not None or (self._in_namespaces and os.geteuid() == 0):
            _limit(resource.RLIMIT_NPROC, MAX_THREADS)
        if self._landlock and not self._in_namespaces:
            rules = landlock.ruleset([*self._readable, "/proc/self", "/dev/urandom"], ["/dev/null"])
            landlock.restrict(rules)
            os.close(rules)
        if self._uid is not None:
            os.setresuid(self._uid, self._uid, self._uid)
            kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # else its own /proc/self, and so /dev/stdin, is closed to it
        elif os.geteuid() == 0:
            kernel.drop_capabilities()
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        if self._filter is not None:
            (self._executing_filter if executes else self._filter).install(os.getpid())


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def _possible(probe) -> bool:
    try:
        probe()
    except OSError:
        return False
    return True


def _in_a_fork(action: Callable[[], None]) -> bool:
    """Whether `action`, done in a child because there is no way back from it, meets no refusal."""
    child = os.fork()
    if child == 0:
        try:
            kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
            action()
        except OSError:
            os._exit(1)
        except BaseException:  # noqa: BLE001 - the caller's code must not go on in the child
            os._exit(2)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, 1):
        raise OSError(f"a layer of protection could not be tried out: status {status}")
    return status == 0


def _free_uid(identity: int, needed: Sequence[str]) -> int | None:
    """A user number that is nobody's and from which the paths `needed` can be listed, or None where there is none:
    without privileges, or in a container that maps only a few numbers."""
    if os.geteuid() != 0:
        return None

    def become(uid: int) -> None:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        for path in filter(os.path.isabs, needed):
            os.stat(path)

    for uid in (_FIRST_UID + identity % 2**22, _NOBODY):
        if _in_a_fork(lambda uid=uid: become(uid)):
            return uid
    return None
