"""Compiles a C++ checker with the system's compiler, once, and caches the result.

The source is untrusted. The compiler has limits on time, memory and file size. With Landlock it can read only the
system's folders and those in `CPATH`, write only to its own folder, and cannot use TCP. The result is linked
statically, so it needs no other files to run.
"""

from __future__ import annotations

import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path

from judge.verdict import FaultyProblem, JudgeError

COMPILERS = ("c++", "g++", "clang++")
SOURCES = (".cc", ".cpp", ".cxx", ".c++", ".C")
_FLAGS = ("-O2", "-std=c++17", "-w")
_LINKING = ("-static", "-pthread")
_SECONDS, _WALL_SECONDS = 60, 300
_MEMORY_BYTES, _FILE_BYTES = 4 * 2**30, 256 * 2**20
_KEPT = 32  # compiled checkers, or their compile errors, kept in memory
_SAID = 300
_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/alternatives", "/etc/ld.so.cache")
_PROJECT = str(Path(__file__).resolve().parents[2])
_LAUNCHER = """
import os, resource, sys
sys.path.insert(0, {project!r})
from judge.sandbox.layers import kernel, landlock
for which, most in {limits!r}:
    resource.setrlimit(which, (most, most))
try:
    landlock.version()
except OSError:
    pass
else:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    landlock.restrict(landlock.ruleset([], [{folder!r}, "/dev/null"], {readable!r}))
os.execv(sys.argv[1], sys.argv[1:])
"""

_lock = threading.Lock()
_made: OrderedDict[tuple[tuple[str, str], ...], bytes | JudgeError] = OrderedDict()


def compiler() -> str | None:
    """The path of the system's C++ compiler: the value of `CXX`, or the first of `COMPILERS`; None if there is none."""
    named = os.environ.get("CXX")
    return next((path for name in ([named] if named else COMPILERS) if (path := shutil.which(name))), None)


def finds_testlib() -> bool:
    """Whether checkers find `testlib.h`; also if there is no compiler to ask."""
    if (path := compiler()) is None:
        return True
    with tempfile.TemporaryDirectory(prefix="checker-", ignore_cleanup_errors=True) as name:
        source = Path(name).resolve() / "asks.cpp"
        source.write_text('#include "testlib.h"\n')
        try:
            _run(path, source.parent, ["-E", "./asks.cpp"])
        except JudgeError:
            return False
    return True


def compiled(files: tuple[tuple[str, str], ...]) -> bytes:
    """Compile these files, sources and headers, to one program. Use the cache if it contains the result.

    Raises:
        JudgeError: there is no compiler or no `testlib.h`, or the compiler was stopped.
        FaultyProblem: the files do not compile.
        OSError: the cache cannot be read or written.
    """
    with _lock:  # only one compiler runs at a time, and nothing is compiled twice
        made = _made.get(files)
        if made is None:
            try:
                made = _compile(files)
            except JudgeError as fault:
                made = fault
            _made[files] = made
            if len(_made) > _KEPT:
                _made.popitem(last=False)
    if isinstance(made, JudgeError):
        raise type(made)(str(made))
    return made


def _compile(files: tuple[tuple[str, str], ...]) -> bytes:
    path = compiler()
    if path is None:
        raise JudgeError(f"the problem's checker is in C++, and there is no compiler here ({', '.join(COMPILERS)})")
    # The names are untrusted too: a name must not be an option or a path to another folder.
    sources = [f"./{Path(name).name}" for name, _ in files if name.endswith(SOURCES)]
    with tempfile.TemporaryDirectory(prefix="checker-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        for file, text in files:
            (folder / Path(file).name).write_bytes(text.encode("utf-8", "surrogateescape"))
        # Includes affect the result: another testlib.h makes another checker.
        whole = _run(path, folder, ["-E", *_FLAGS, *sources])
        key = hashlib.sha256(repr((_FLAGS, _LINKING, path)).encode() + whole.replace(name.encode(), b"")).hexdigest()
        cached = Path(os.environ.get("ALPHACODIUM_CACHE", ".cache")) / "checkers" / key
        if cached.is_file():
            return cached.read_bytes()
        _run(path, folder, [*_FLAGS, *sources, *_LINKING, "-o", "checker"])
        program = (folder / "checker").read_bytes()
    cached.parent.mkdir(parents=True, exist_ok=True)
    unfinished = cached.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(program)
    unfinished.replace(cached)
    return program


def _run(path: str, folder: Path, arguments: list[str]) -> bytes:
    """Run the compiler and return its output."""
    included = [entry for entry in os.environ.get("CPATH", "").split(os.pathsep) if entry]
    limits = [
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ]
    readable = [*_SYSTEM, *included, str(Path(path).parent), str(Path(os.path.realpath(path)).parent)]
    script = _LAUNCHER.format(project=_PROJECT, limits=limits, folder=str(folder), readable=readable)
    environment = {"PATH": os.defpath, "TMPDIR": str(folder), "LC_ALL": "C"}
    if included:
        environment["CPATH"] = os.pathsep.join(included)
    with (folder / "printed").open("w+b") as printed, (folder / "errors").open("w+b") as errors:
        process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-B", "-c", script, path, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=errors,
            start_new_session=True,
        )
        try:
            status = process.wait(_WALL_SECONDS)
        except subprocess.TimeoutExpired:
            status = -signal.SIGXCPU
        finally:
            _end(process)
        errors.seek(0)
        said = " ".join(errors.read(2**16).decode("utf-8", "replace").replace(f"{folder}/", "").split())[:_SAID]
        if status == 0:
            printed.seek(0)
            return printed.read()
    kind = FaultyProblem if status > 0 else JudgeError
    if "testlib.h" in said:
        kind = JudgeError
        said += "; testlib.h is not included: add the folder that contains it to CPATH"
    raise kind(f"the problem's checker does not compile (status {status}): {said}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the compiler and its child processes."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
