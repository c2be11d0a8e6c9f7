"""Runs as tables: one row per rollout, the same columns in every format."""

import csv
import io
import json

import pytest

import eval.export
from eval.given.run_table import export
from program.rollout.trace import Totals, Trace, name_of
from tests.support.packs import call, printed
from tests.support.rollouts import SECOND, store, traced


@pytest.fixture
def run(tmp_path):
    odd = traced("flow", 'A "quoted", | piped\nname', 0, "not judged")
    return store(tmp_path / "run", [traced("flow", "Double", 1, "solved"), odd])


def test_a_row_says_what_became_of_a_rollout_and_what_it_cost(run):
    solved, lost = json.loads(export(run, "json"))
    assert {key: solved[key] for key in ("arm", "lm", "problem", "sample", "status", "program")} == {
        **{"arm": "flow", "lm": "scripted/lm", "problem": "Double", "sample": 1, "status": "solved"},
        "program": name_of(SECOND),
    }
    assert (solved["private_passed"], solved["private_total"], solved["private_verdict"]) == (3, 3, "AC")
    costs = ("calls", "failed_calls", "prompt_tokens", "answer_tokens", "dollars", "seconds", "fixes")
    assert [solved[key] for key in costs] == [4, 1, 400, 80, 0.04, 4.5, 1]
    assert solved["score_seconds"] == 0.1 and lost["score_seconds"] is None
    assert lost["hidden_rate"] is None and lost["program"] is None and lost["error"] == "JudgeError: lost"


def test_what_programs_made_elsewhere_cost_is_not_known_and_not_nothing(tmp_path):
    theirs = traced(checkpoints=[], trace=Trace(marks=["imported"]), totals=Totals(dollars=None), seconds=0.0)
    (row,) = json.loads(export(store(tmp_path / "theirs", [theirs]), "json"))
    costs = ("calls", "failed_calls", "prompt_tokens", "cached_tokens", "answer_tokens", "dollars")
    assert {row[key] for key in (*costs, "seconds", "lm_seconds", "judge_seconds", "fixes")} == {None}
    assert row["score_seconds"] == 0.1, "judging was done here"


def test_csv_reads_back_as_the_same_rows(run):
    rows = list(csv.DictReader(io.StringIO(export(run, "csv"))))
    expected = json.loads(export(run, "json"))
    assert [{key: "" if value is None else str(value) for key, value in row.items()} for row in expected] == rows


def test_markdown_keeps_every_row_on_a_line_and_every_cell_in_its_column(run):
    lines = export(run, "markdown").splitlines()
    cells = [line.replace("\\|", "").strip("| ").count(" | ") for line in lines]
    assert len(lines) == 4 and cells[0] == cells[1] and '| A "quoted", \\| piped name |' in lines[3]
    assert len({line.replace("\\|", "").count("|") for line in lines}) == 1


def test_an_empty_run_has_a_head_and_no_rows(tmp_path):
    run = store(tmp_path / "run", [])
    assert export(run, "csv").count("\n") == 1 and export(run, "json") == "[]\n"
    assert export(run, "markdown").count("\n") == 2


def test_the_command_writes_a_file_or_to_standard_output(run, tmp_path, monkeypatch, capsys):
    out = tmp_path / "table.md"
    assert printed(monkeypatch, eval.export.main, run, "--format", "markdown", "--out", out) == ""
    assert out.read_text() == export(run, "markdown")
    assert printed(monkeypatch, eval.export.main, run) == export(run, "csv")
    assert call(monkeypatch, eval.export.main, tmp_path / "none") == 2
    assert "is not a run" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_a_user_error(run, tmp_path, monkeypatch, capsys):
    assert call(monkeypatch, eval.export.main, run, "--out", tmp_path / "no" / "folder.csv") == 2
    assert capsys.readouterr().err == f"error: {tmp_path / 'no' / 'folder.csv'}: No such file or directory\n"
