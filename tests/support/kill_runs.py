"""Compile with the simulated LM, killed with SIGKILL again and again.

    python -m tests.support.kill_runs FOLDER PROGRAM KILLS SEED OPTIMIZER...

Every run is a fork, so that DSPy is imported once. A fork kills itself at a drawn moment: before or after one of the
things that it does on disk. The last one runs to the end. `FOLDER/log` says what was asked, judged and stored, by whom.
"""

import contextlib
import importlib
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optimize.compile
from eval.rollouts.run_folder import RunFolder
from optimize.compilation import compile_session
from program.paid.ledger import Ledger, LedgerReports

SMALL = {
    "mipro": ["--tune", "trials=3", "--demos", "1"],
    "gepa": ["--tune", "metric_calls=20"],
    "bootstrap_rs": ["--tune", "candidates=2", "--demos", "1"],
    "verified": ["--tune", "rollouts=2"],
}

IMPORTED = (
    "datasets",
    "dspy",
    "gepa",
    "optuna",
    "eval.simulated.lm",
    *(f"optimize.optimizers.{name}" for name in SMALL),
)


class Killer:
    """Counts moments and kills the process at one of them."""

    def __init__(self, at: int, log: Path) -> None:
        self._at = at
        self._log = log.open("a", buffering=1)
        self._lock = threading.Lock()
        self.moments = 0

    def moment(self, said: str = "") -> None:
        with self._lock:
            if said:
                self._log.write(f"{said} {os.getpid()}\n")
            self.moments += 1
            if self.moments == self._at:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: type, method: str, said: Callable[..., tuple[str, str]]) -> None:
        """Make the beginning and the end of a method moments; what they are called depends on call and result."""
        original = getattr(owner, method)

        def watched(*arguments: Any, **named: Any) -> Any:
            self.moment()
            result = original(*arguments, **named)
            self.moment(" ".join(filter(None, said(result, *arguments))))
            return result

        setattr(owner, method, watched)


def run(options: list[str], at: int, log: Path) -> int:
    """One compilation in a fork; gives 0, or the number of the signal it died of."""
    child = os.fork()
    if child == 0:
        killer = Killer(at, log)
        killer.watch(Ledger, "enter_answer", lambda _, ledger, key, *__: ("stored", key))
        killer.watch(Ledger, "enter_report", lambda _, ledger, key, *__: ("judged", key))
        killer.watch(Ledger, "answer", lambda known, _, key: _missed("ask", known, key))
        killer.watch(LedgerReports, "get", lambda known, _, key: _missed("judge", known, key))
        killer.watch(RunFolder, "append", lambda *_: ("", ""))
        sys.argv = ["compile", *options]
        status = 0
        with open(os.devnull, "w") as silent, contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
            try:
                optimize.compile.main()
            except SystemExit as left:
                status = int(left.code or 0)
        (log.parent / "moments").write_text(str(killer.moments))
        os._exit(status)
    _, ended = os.waitpid(child, 0)
    return ended


def _missed(what: str, known: Any, key: str) -> tuple[str, str]:
    return (what, key) if known is None else ("", "")


def compile_twice(folder: Path, data: Path, start: Path, optimizer: str, kills: int, seed: int) -> None:
    """Once in one go, in `folder/whole`, and once with kills, in `folder/killed`."""
    shared = ["--lm", "simulated", "--data", str(data), "--start", str(start), "--optimizer", optimizer]
    shared += ["--concurrency", "2", *SMALL.get(optimizer, [])]
    draw = random.Random(seed)
    for arm, count in (("whole", 0), ("killed", kills)):
        compile_session.WORK_FOLDER = folder / arm / "cache"
        (folder / arm).mkdir(parents=True, exist_ok=True)
        options = [*shared, "--out", str(folder / arm / "out")]
        died = 0
        for _ in range(count):
            moments = int((folder / "whole" / "moments").read_text())
            # What is done already passes by quickly, so early moments are drawn more often.
            died += run(options, draw.randint(1, max(2, moments // draw.randint(1, 4))), folder / arm / "log") != 0
        ended = run(options, 0, folder / arm / "log")
        print(f"{optimizer} {arm}: killed {died} of {count} times, ended with {ended}")


def main() -> None:
    folder, program, kills, seed, *optimizers = sys.argv[1:]
    for module in IMPORTED:
        importlib.import_module(module)
    for name in optimizers:
        there = Path(folder)
        compile_twice(there / name, there / "data", there / program, name, int(kills), int(seed))


if __name__ == "__main__":
    main()
