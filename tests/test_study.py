"""The study: one command compiles, evaluates and compares; here with the simulated LM on a dataset of three splits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import eval.run
import optimize.compile
import optimize.study
from eval.rows import PACK_FOLDER
from eval.run_folder import read_config, read_rollouts
from program.artifact import read_manifest
from tests.packs import call, isolate, write_dataset

CONFIG = Path(__file__).parents[1] / "optimize" / "configs" / "codecontests.toml"


@pytest.fixture
def data(tmp_path) -> Path:
    """A copy of the layout of CodeContests, made from the bundled pack."""
    rows = [json.loads(line) for line in (PACK_FOLDER / "data" / "valid.jsonl").read_text().splitlines()[:7]]
    return write_dataset(tmp_path / "data", {"train": rows[:2], "valid": rows[2:5], "test": rows[5:]})


@pytest.fixture
def study(tmp_path, data, monkeypatch):
    """Call the study with more options; the flow's bounds are mostly those of its artifact, which are cheaper."""
    isolate(monkeypatch, tmp_path / "cache")
    monkeypatch.setenv("ALPHACODIUM_CACHE", str(tmp_path / "cache"))
    config = tmp_path / "config.toml"
    text = CONFIG.read_text()
    settings = "[settings]\nmax_code_tokens = 650\nai_fixes = 0\n\n"
    config.write_text(text.partition("[settings]")[0] + settings + "[study]" + text.partition("[study]")[2])
    arguments = [config, "--lm", "simulated", "--data", data, "--out", tmp_path / "out"]
    return lambda *more: call(monkeypatch, optimize.study.main, *arguments, *more)


def test_the_cost_comes_first_and_a_dry_run_stops_there(study, tmp_path, capsys):
    assert study("--dry-run") == 0
    said = capsys.readouterr().out
    assert "on 3 problems of" in said and "then evaluate on 2 problems of" in said
    for row in ("| training |", "| all |", "| handwritten |", "| direct |", "| sampling |", "| compiled |"):
        assert row in said
    assert not (tmp_path / "out").exists()


def test_one_command_compiles_evaluates_and_compares_and_can_be_repeated(study, monkeypatch, tmp_path, capfd):
    assert study() == 0
    comparison = (tmp_path / "out" / "comparison.md").read_text()
    for arm in ("handwritten", "direct", "sampling", "compiled"):
        assert f"| {arm} |" in comparison
    assert "compiled against handwritten:" in comparison and "95 % CI" in comparison
    run = read_config(tmp_path / "out" / "test")
    assert (run["split"], len(run["problems"]), list(run["artifacts"])) == (
        "test",
        2,
        ["handwritten", "direct", "sampling", "compiled"],
    )
    manifests = [read_manifest(tmp_path / "out" / name) for name in run["artifacts"]]
    assert [each.config["max_code_tokens"] for each in manifests] == [650] * 4, "no arm's answers are cut shorter"
    trained = {each.problem for each in read_rollouts(tmp_path / "out" / "compiled" / "training")}
    assert len(trained) == 3 and not trained & set(run["problems"])
    before = (tmp_path / "out" / "test" / "rollouts.jsonl").read_bytes()
    capfd.readouterr()
    mains = {"optimize.compile": optimize.compile.main, "eval.run": eval.run.main}
    again = lambda module, *arguments: call(monkeypatch, mains[module], *map(str, arguments))  # noqa: E731
    monkeypatch.setattr("optimize.studying._do", again)  # in this process, which is quicker
    assert study() == 0
    assert "is compiled already" in capfd.readouterr().out
    assert (tmp_path / "out" / "test" / "rollouts.jsonl").read_bytes() == before


def test_the_split_that_is_compiled_on_is_not_evaluated_on(study, tmp_path, capsys):
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace('split = "test"', 'split = "valid"'))
    assert study("--dry-run") == 2
    assert "is the one that is compiled on" in capsys.readouterr().err
