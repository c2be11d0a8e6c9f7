"""Namespaces for the zygote: its own process ids, its own network, and a root directory with little more than Python.

The root contains, read-only, the interpreter's library and the system's shared libraries, `/proc` with only the
candidates' own entries, a few devices, and two memory file systems of limited size: `/scratch`, the candidate's
directory (also `/tmp`, unless the interpreter's library is there), and `/program`, which contains its source.
"""

from __future__ import annotations

import os
import sys
import sysconfig

from judge.sandbox.layers import kernel

SCRATCH, PROGRAM = "/scratch", "/program"  # paths inside the new root
PROGRAM_FILE = f"{PROGRAM}/program.py"
SCRATCH_BYTES, _PROGRAM_BYTES = 64 * 2**20, 16 * 2**20
_SCRATCH_FILES = 1024
_SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", "/usr/share/zoneinfo")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_WORLD_MOUNT_POINTS = ("/mnt", "/media", "/srv", "/opt", "/sys")
_LINKS = {
    **{"stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "fd": "/proc/self/fd"},
    "shm": SCRATCH,  # for semaphores, such as those of `multiprocessing`
}
_MOUNT_FLAGS = kernel.MS_NOSUID | kernel.MS_NODEV
_DEVICE_FLAGS = kernel.MS_NOSUID | kernel.MS_NOEXEC


def library_paths() -> list[str]:
    """The paths that a candidate must be able to read for its imports to work."""
    paths = sysconfig.get_paths()
    own = [paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"]]
    own += [os.path.join(prefix, "lib") for prefix in (sys.base_prefix, sys.base_exec_prefix)]
    own += [entry for entry in sys.path if os.path.isdir(entry)]
    wanted: list[str] = []
    for path in dict.fromkeys([*sorted(own, key=len), *_SYSTEM]):
        inside = any(path.startswith(other + "/") for other in wanted)
        if os.path.exists(path) and not inside and path != "/":
            wanted.append(path)
    return wanted


def enter_and_fork() -> int:
    """Enter new namespaces and fork. Return 0 in the first process inside, and its outside process id in the caller.

    Raises:
        OSError: the kernel does not allow it; nothing was changed.
    """
    flags = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(flags | (kernel.CLONE_NEWUSER if user else 0))
    if user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    return os.fork()


def build_root(libraries: list[str]) -> None:
    """In the first process inside: build the root directory and move into it.

    Raises:
        OSError: the kernel refuses a mount.
    """
    kernel.mount("none", "/", "none", kernel.MS_REC | kernel.MS_PRIVATE)
    taken = [os.path.realpath(path) for path in libraries]
    root = next(
        place
        for place in _WORLD_MOUNT_POINTS
        if os.path.isdir(place) and not any(path == place or path.startswith(place + "/") for path in taken)
    )
    kernel.mount("root", root, "tmpfs", _MOUNT_FLAGS, "mode=755,size=1m")
    for path in libraries:
        _bind(path, root + path)
    _devices(root)
    for name, options in (
        (SCRATCH, f"mode=1777,size={SCRATCH_BYTES},nr_inodes={_SCRATCH_FILES}"),
        (PROGRAM, f"mode=755,size={_PROGRAM_BYTES},nr_inodes=16"),
    ):
        os.mkdir(root + name)
        kernel.mount("scratch", root + name, "tmpfs", _MOUNT_FLAGS | kernel.MS_NOEXEC, options)
    if not os.path.lexists(root + "/tmp"):
        os.symlink(SCRATCH, root + "/tmp")
    os.mkdir(root + "/proc")
    kernel.mount("proc", root + "/proc", "proc", _MOUNT_FLAGS | kernel.MS_NOEXEC, "hidepid=invisible,subset=pid")
    os.chdir(root)
    kernel.pivot_root(".", ".")
    kernel.unmount(".")
    kernel.mount("none", "/", "none", kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | _MOUNT_FLAGS)
    os.chdir(SCRATCH)


def _bind(source: str, target: str) -> None:
    if os.path.islink(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(os.readlink(source), target)
        return
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    kernel.mount(source, target, "none", kernel.MS_BIND | kernel.MS_REC)
    # A user namespace may not remove the flags that the mount has outside.
    kept = os.statvfs(source).f_flag & (os.ST_NOATIME | os.ST_NODIRATIME | os.ST_RELATIME | os.ST_NOEXEC)
    kernel.mount(
        "none", target, "none", kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | _MOUNT_FLAGS | _as_mount(kept)
    )


def _as_mount(flags: int) -> int:
    """Convert `statvfs` flags to mount flags: only relatime has a different number."""
    relatime = 1 << 21 if flags & os.ST_RELATIME else 0
    return flags & ~os.ST_RELATIME | relatime


def _devices(root: str) -> None:
    os.mkdir(root + "/dev")
    for name in _DEVICES:
        target = f"{root}/dev/{name}"
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o666))
        kernel.mount(f"/dev/{name}", target, "none", kernel.MS_BIND)
        # The device can be written to; its mode and times belong to the machine and cannot be changed.
        kernel.mount("none", target, "none", kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | _DEVICE_FLAGS)
    for name, place in _LINKS.items():
        os.symlink(place, f"{root}/dev/{name}")
