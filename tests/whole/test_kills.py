"""Killed at any moment and started again, a compilation pays for nothing twice and ends as if nothing had been."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.packs import VALID, write_pack, write_start
from tests.support.paths import ROOT

QUICK = ("mipro", "gepa", "verified")
OPTIMIZERS = (*QUICK, "bootstrap_rs")


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> Path:
    """A folder for each optimizer with a compilation of one program in one go, and the same with two kills."""
    return compiled_twice(tmp_path_factory.mktemp("kills"), "direct", 2, *QUICK)


def compiled_twice(folder: Path, program: str, kills: int, *optimizers: str) -> Path:
    write_pack(folder / "data", VALID)
    write_start(folder / program, program)
    ended = subprocess.run(
        [sys.executable, "-m", "tests.support.kill_runs", folder, program, str(kills), "0", *optimizers],
        cwd=ROOT,
        env={**os.environ, "ALPHACODIUM_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.count("ended with 0\n") == 2 * len(optimizers), ended.stdout + ended.stderr
    assert f"killed 0 of {kills}" not in ended.stdout
    return folder


def nothing_was_lost(folder: Path) -> None:
    """Compare what lies in `whole` and in `killed`."""
    whole, again = folder / "whole", folder / "killed"
    for name in ("program.json", "candidates.jsonl", "prompts.md"):
        assert (again / "out" / name).read_bytes() == (whole / "out" / name).read_bytes(), name
    paid = [json.loads((each / "out" / "report.json").read_text())["paid"] for each in (whole, again)]
    assert paid[0]["total"] == paid[1]["total"] == paid[0]["this_session"]
    assert paid[1]["this_session"]["calls"] < paid[1]["total"]["calls"]
    nothing_twice(whole / "log")
    nothing_twice(again / "log")
    # A kill by one thread can come between another thread's storing a thing and writing that into the log.
    assert words(again / "log", "stored") <= words(whole / "log", "stored")
    assert words(again / "log", "judged") <= words(whole / "log", "judged")


def nothing_twice(log: Path) -> None:
    """What was stored is not asked for again, by no process; what was judged is not judged again."""
    done: set[tuple[str, str]] = set()
    for line in log.read_text().splitlines():
        what, _, key = line.rpartition(" ")[0].partition(" ")
        if what in ("stored", "judged"):
            done.add(("ask" if what == "stored" else "judge", key))
        else:
            assert (what, key) not in done, line


def words(log: Path, what: str) -> set[str]:
    return {line.rpartition(" ")[0] for line in log.read_text().splitlines() if line.startswith(f"{what} ")}


@pytest.mark.parametrize("optimizer", QUICK)
def test_two_kills_cost_nothing_and_change_nothing(killed, optimizer):
    nothing_was_lost(killed / optimizer)


@pytest.mark.long
@pytest.mark.parametrize("program", ["direct", "alphacodium"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_twenty_kills_cost_nothing_and_change_nothing(tmp_path, optimizer, program):
    nothing_was_lost(compiled_twice(tmp_path, program, 20, optimizer) / optimizer)
