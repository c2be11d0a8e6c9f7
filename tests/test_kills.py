"""Killed at any moment and started again, a compilation pays for nothing twice and ends as if nothing had been."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packs import VALID, number_task, write_pack, write_start

ROOT = Path(__file__).parent.parent
MORE = tuple(number_task(f"Plus {k}", lambda n, k=k: n + k, f"n + {k}") for k in (2, 3))
OPTIMIZERS = ("bootstrap_rs", "mipro", "gepa", "verified")


def killed(folder: Path, program: str, optimizer: str, kills: int) -> None:
    """Compile twice, once in one go and once with kills, and compare."""
    write_pack(folder / "data", (*VALID, *MORE))
    write_start(folder / program, program)
    ended = subprocess.run(
        [sys.executable, "-m", "tests.kill_runs", folder, program, optimizer, str(kills), "0"],
        cwd=ROOT,
        env={**os.environ, "ALPHACODIUM_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.count("then ended well") == 2, ended.stdout + ended.stderr
    assert f"killed 0 of {kills}" not in ended.stdout
    whole, again = folder / "whole", folder / "killed"
    for name in ("program.json", "candidates.jsonl", "prompts.md"):
        assert (again / "out" / name).read_bytes() == (whole / "out" / name).read_bytes(), name
    paid = [json.loads((each / "out" / "report.json").read_text())["paid"] for each in (whole, again)]
    assert paid[0]["total"] == paid[1]["total"] == paid[0]["this_session"]
    assert paid[1]["this_session"]["calls"] < paid[1]["total"]["calls"]
    nothing_twice(whole / "log")
    nothing_twice(again / "log")
    assert words(whole / "log", "stored") == words(again / "log", "stored")
    assert words(whole / "log", "judged") == words(again / "log", "judged")


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


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_three_kills_cost_nothing_and_change_nothing(tmp_path, optimizer):
    killed(tmp_path, "direct", optimizer, 3)


@pytest.mark.kills
@pytest.mark.parametrize("program", ["direct", "alphacodium"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_twenty_kills_cost_nothing_and_change_nothing(tmp_path, optimizer, program):
    killed(tmp_path, program, optimizer, 20)
