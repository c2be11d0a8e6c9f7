"""Where results go: into what is new, empty or their own; nothing of others is overwritten, and no two processes write
to one place."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import eval.audit
import eval.export
import eval.judge
import eval.rescore
import eval.run
import optimize.compile
from eval.rollouts.json_lines import JsonLines
from eval.rollouts.stored_arms import read_run
from program.errors import UserError
from tests.support.packs import VALID, answer_rule, call, printed, use_lm, write_pack, write_start

pytestmark = pytest.mark.usefixtures("own_caches")


@pytest.fixture
def world(tmp_path, monkeypatch):
    write_pack(tmp_path / "data", VALID, VALID)
    write_start(tmp_path / "start", "direct")
    (tmp_path / "solutions.jsonl").write_text(json.dumps({"name": VALID[0].name, "solution": VALID[0].right}) + "\n")
    (tmp_path / "somebody's").mkdir()
    (tmp_path / "somebody's" / "letters.txt").write_text("dear")
    use_lm(monkeypatch, answer_rule())
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("place", ["start", "somebody's", "data", "solutions.jsonl"])
def test_folders_of_others_are_refused_and_left_as_they_are(world, monkeypatch, capsys, place):
    start, data = world / "start", ["--data", world / "data"]
    printed(monkeypatch, eval.run.main, start, *data, "--out", world / "run")
    before = contents(world / place) if (world / place).is_dir() else (world / place).read_bytes()
    solutions = ["--solutions", world / "solutions.jsonl"]
    for main, *options in (
        (eval.run.main, start, *data, "--out"),
        (optimize.compile.main, "--start", start, *data, "--out"),
        (eval.rescore.main, world / "run", "--out"),
        (eval.judge.main, *data, *solutions, "--run"),
    ):
        assert call(monkeypatch, main, *options, world / place) == 2
        assert "choose a" in capsys.readouterr().err
    after = contents(world / place) if (world / place).is_dir() else (world / place).read_bytes()
    assert after == before


def test_the_folder_at_hand_is_refused(world, monkeypatch, capsys):
    monkeypatch.chdir(world)
    before = contents(world)
    assert call(monkeypatch, eval.run.main, "start", "--data", "data", "--out", ".") == 2
    assert "is not empty and not a run" in capsys.readouterr().err and contents(world) == before


@pytest.mark.parametrize(("here", "named"), [("start", "."), ("start/inner", "..")])
def test_an_artifact_is_called_as_its_folder_whatever_the_path_to_it(world, monkeypatch, here, named):
    (world / here).mkdir(exist_ok=True)
    monkeypatch.chdir(world / here)
    printed(monkeypatch, eval.run.main, named, "--data", world / "data", "--out", world / "run")
    config, rollouts = read_run(world / "run")
    assert [*config["artifacts"]] == ["start"] and {each.arm for each in rollouts} == {"start"}


def test_a_run_is_no_place_for_a_compilation_nor_the_other_way_round(world, monkeypatch):
    start, data = world / "start", ["--data", world / "data"]
    printed(monkeypatch, eval.run.main, start, *data, "--out", world / "run")
    printed(monkeypatch, optimize.compile.main, "--start", start, *data, "--out", world / "compiled")
    before = contents(world)
    assert call(monkeypatch, optimize.compile.main, "--start", start, *data, "--out", world / "run") == 2
    assert call(monkeypatch, eval.run.main, start, *data, "--out", world / "compiled") == 2
    assert contents(world) == before


def test_exports_and_audits_overwrite_nothing(world, monkeypatch, capsys):
    data = ["--data", world / "data"]
    printed(monkeypatch, eval.run.main, world / "start", *data, "--out", world / "run")
    table, suspects = world / "table.csv", world / "suspects.json"
    printed(monkeypatch, eval.export.main, world / "run", "--out", table)
    for file in (table, suspects):
        file.write_text("mine")
    assert call(monkeypatch, eval.export.main, world / "run", "--out", table) == 2
    assert call(monkeypatch, eval.audit.main, *data, "--split", "valid", "--out", suspects) == 2
    assert capsys.readouterr().err.count("is not overwritten") == 2
    assert table.read_text() == suspects.read_text() == "mine"
    suspects.unlink()
    printed(monkeypatch, eval.audit.main, *data, "--split", "valid", "--out", suspects)
    written = suspects.read_text()
    printed(monkeypatch, eval.audit.main, *data, "--split", "valid", "--out", suspects)
    assert suspects.read_text() == written
    suspects.write_text(written.replace("exclude", "excluded"))
    assert call(monkeypatch, eval.audit.main, *data, "--split", "valid", "--out", suspects) == 2


def test_a_file_of_results_has_one_writer(world, monkeypatch, capsys):
    out = world / "out.jsonl"
    options = ["--data", world / "data", "--split", "valid", "--solutions", world / "solutions.jsonl", "--out", out]
    held = JsonLines(out, alone=True)
    held.append({"name": "a", "solution": "b", "status": "failed", "passed": False})  # which closes the file once more
    opening = (
        f"from pathlib import Path; from eval.rollouts.json_lines import JsonLines; JsonLines(Path({str(out)!r}), "
    )
    second = subprocess.run(
        [sys.executable, "-c", f"{opening}alone=True)"], capture_output=True, text=True, check=False
    )
    assert second.returncode and "is being written to by another process" in second.stderr
    with pytest.raises(UserError):
        JsonLines(out, alone=True)
    assert call(monkeypatch, eval.judge.main, *options) == 2
    assert "another process" in capsys.readouterr().err
