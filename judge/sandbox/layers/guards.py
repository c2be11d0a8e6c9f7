"""The layers between a candidate and the machine: which of them work here, and how to enter them.

Every layer is optional. The name of a candidate's sandbox lists the working layers: "fork+namespaces+uid+..." at best.
`judge.sandbox.pool` describes what they prevent and what they do not.
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
THREAD_STACK = 8 * 2**20  # default size for threads: the usual one, although the first thread has a larger stack
# Address space on top of the memory limit: thread stacks reserve their full size.
STACK_ROOM = MAX_THREADS * THREAD_STACK + 2**28
MAX_FILES = 256
_FIRST_UID = 1 << 24  # far from real user ids; the zygote's number is added, so no two candidates share one
_NOBODY = 65534


class Guards:
    """The layers of one zygote, created once in the zygote. `enter_program` is called in the process of each program;
    `enter` is called in the process of each test, which is forked from it.

    Args:
        wanted: the layers of `LAYERS` to use; `held` leaves out those that the kernel refuses.
        identity: a number that no other living zygote on this machine has.
        in_namespaces: whether the zygote is in its own namespaces already.
        readable: paths that the candidate must be able to read.
        writable: its scratch directories.
        group: the zygote's memory cgroup, if it has one.
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
        # If the interpreter's directory is closed to other users, another user id cannot import further modules, and
        # right programs would fail. In that case Landlock protects the files.
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
        # Inside namespaces the rules are the same for all programs.
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
        """Whether a candidate is unable to leave processes behind."""
        return self._filter is not None

    def enter_program(self) -> None:
        """Restrict the process of a program, a new fork of the zygote, by the rules that all of its tests share.

        Raises:
            OSError: the kernel now refuses a layer that worked before.
        """
        if self._rules is not None:
            landlock.restrict(self._rules)

    def enter(self, cpu_seconds: float, memory_bytes: int, output_bytes: int, *, executes: bool = False) -> None:
        """Restrict this process, a new fork of a program's process, by all layers. This cannot be undone.

        With `executes` it may exec another program, which is under the same restrictions.

        Raises:
            OSError, ValueError: the kernel now refuses a layer that worked before.
        """
        if self._filter is None:
            os.setsid()  # leave the zygote's process group, which it could signal; the filter denies that as well
        # The zygote watches the precise clock. This is a fallback: the kernel counts ticks, which can be 10 % off.
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
            kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # otherwise it cannot open its own /proc/self and /dev/stdin
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
    """Whether `action` succeeds. It runs in a child process because it cannot be undone."""
    child = os.fork()
    if child == 0:
        try:
            kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
            action()
        except OSError:
            os._exit(1)
        except BaseException:  # noqa: BLE001 - the child must not continue with the caller's code
            os._exit(2)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status not in (0, 1):
        raise OSError(f"cannot test a layer of protection: status {status}")
    return status == 0


def _free_uid(identity: int, needed: Sequence[str]) -> int | None:
    """A user id that nobody has and that can list the paths `needed`. None if there is none: without privileges, or in
    a container that maps only a few user ids."""
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
