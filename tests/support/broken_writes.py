"""Run a command that is killed, or whose disk is full, at its k-th write, and then the same command to its end.

    python -m tests.support.broken_writes FOLDER MODULE kill|full FIRST STEP

Every run is a fork, so that DSPy is imported once. Prints a JSON line for each k: the statuses and what the broken run
said on standard error. `FOLDER/whole` is an unbroken run; `FOLDER/K` one that was broken at k.
"""

import contextlib
import errno
import importlib
import json
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path
from typing import Any

import program.files
from program.paid.ledger import Ledger

WRITES = ("open", "write", "fsync", "replace")
OPTIONS = {
    "eval.run": lambda at: [at / "start", "--n", "1"],
    "optimize.compile": lambda at: ["--start", at / "start", "--optimizer", "bootstrap"],
}


class Breaking:
    """The module `os` as `program.files` sees it, whose k-th write does not come to pass."""

    def __init__(self, at: int, way: str) -> None:
        self._at, self._way = at, way
        self._lock = threading.Lock()
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in WRITES:
            return real

        def checked(*arguments: Any, **options: Any) -> Any:
            if self.breaks():
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments, **options)

        return checked

    def breaks(self) -> bool:
        """Count a write; whether the disk is full for it."""
        with self._lock:
            self.count += 1
            if not self._at or self.count < self._at:
                return False
            if self._way == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            return True


def run(module: str, options: list[Any], at: int, way: str, errors: Path) -> tuple[int, int]:
    """The exit status of the command, negative for a signal, and how many writes there were."""
    counted = errors.with_suffix(".count")
    counted.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        breaking = Breaking(at, way)
        program.files.os = breaking  # pyright: ignore[reportAttributeAccessIssue]
        real = Ledger._write

        def write(ledger: Ledger, statement: str, *values: Any) -> int:
            with ledger._storing():
                if breaking.breaks():
                    raise sqlite3.OperationalError("database or disk is full")
            return real(ledger, statement, *values)

        Ledger._write = write
        sys.argv = [module, *map(str, options)]
        status: Any = 0
        with (
            errors.open("w") as said,
            open(os.devnull, "w") as silent,
            contextlib.redirect_stdout(silent),
            contextlib.redirect_stderr(said),
        ):
            try:
                importlib.import_module(module).main()
            except SystemExit as left:
                status = left.code or 0
            except BaseException as fault:  # noqa: BLE001  that is what must not be
                print(f"Traceback {fault!r}", file=said)
                status = 99
        counted.write_text(str(breaking.count))
        os._exit(status)
    _, ended = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(ended), int(counted.read_text()) if counted.exists() else 0


def main() -> None:
    folder, module, way, first, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3], *map(int, sys.argv[4:6])
    for name in ("datasets", "dspy", "eval.simulated.lm", "optimize.compilation.compiling", "eval.evaluation.evaluate"):
        importlib.import_module(name)
    opened = importlib.import_module("optimize.compilation.compile_session")
    shared = [*OPTIONS[module](folder), "--lm", "simulated", "--data", folder / "data", "--split", "valid"]
    shared += ["--concurrency", "1", "--limit", "2"]

    def once(place: str, at: int) -> tuple[int, int]:
        opened.WORK_FOLDER = folder / place / "cache"
        (folder / place).mkdir(exist_ok=True)
        return run(module, [*shared, "--out", folder / place / "out"], at, way, folder / place / "errors")

    status, writes = once("whole", 0)
    print(json.dumps({"at": 0, "status": status, "writes": writes}), flush=True)
    for at in range(first, writes + 1, step):
        broken, _ = once(str(at), at)
        said = (folder / str(at) / "errors").read_text()
        again, _ = once(str(at), 0)
        print(json.dumps({"at": at, "broken": broken, "said": said, "status": again}), flush=True)


if __name__ == "__main__":
    main()
