"""Killed at any write, or with a disk that is full from any write on, the same command goes on and ends as it would
have without."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eval.rollouts.run_folder import read_rollouts
from tests.support.packs import VALID, write_pack, write_start
from tests.support.paths import ROOT

COMMANDS = ("eval.run", "optimize.compile")


def broken(folder: Path, module: str, way: str, step: int) -> list[dict]:
    write_pack(folder / "data", VALID)
    write_start(folder / "start", "direct")
    words = [sys.executable, "-m", "tests.support.broken_writes", str(folder), module, way, "1", str(step)]
    environment = {**os.environ, "ALPHACODIUM_CACHE": str(folder / "cache")}
    ended = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    whole, *cases = map(json.loads, ended.stdout.splitlines())
    assert whole["status"] == 0 and len(cases) == -(-whole["writes"] // step) > 3
    return cases


def outcome(out: Path) -> object:
    """What a command has come to, without times."""
    if (out / "rollouts.jsonl").is_file():
        kept = [(each.key(), each.status, each.code, each.totals.calls) for each in read_rollouts(out)]
        return sorted(kept), (out / "artifacts" / "start" / "manifest.json").read_bytes()
    return (out / "program.json").read_bytes(), sorted(
        (each.key(), each.status, each.code) for each in read_rollouts(out / "training")
    )


def check(folder: Path, module: str, way: str, step: int) -> None:
    for case in broken(folder, module, way, step):
        assert case["status"] == 0, case
        assert outcome(folder / str(case["at"]) / "out") == outcome(folder / "whole" / "out"), case
        if way == "kill":
            assert case["broken"] == -9, case
        else:
            errors = [line for line in case["said"].splitlines() if line.startswith("error: ")]
            assert case["broken"] == 1 and len(errors) == 1, case
            assert "No space left" in errors[0] or "full" in errors[0], case
            assert "Traceback" not in case["said"], case


@pytest.mark.parametrize("way", ["kill", "full"])
@pytest.mark.parametrize("module", COMMANDS)
def test_some_writes(tmp_path, module, way):
    check(tmp_path, module, way, 17)


@pytest.mark.long
@pytest.mark.parametrize("way", ["kill", "full"])
@pytest.mark.parametrize("module", COMMANDS)
def test_every_write(tmp_path, module, way):
    check(tmp_path, module, way, 1)
