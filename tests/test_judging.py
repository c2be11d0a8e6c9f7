"""Judging programs from a file."""

from __future__ import annotations

import json

import pytest

import eval.judge
from tests.packs import VALID, call, printed, write_pack


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder with a small pack, and a file with a right and a wrong program for each of two problems."""
    write_pack(tmp_path / "data")
    lines = []
    for task in VALID[:2]:
        lines.append({"name": task.name, "solution": task.right, "correct": True, "source": "one"})
        lines.append({"name": task.name, "solution": task.wrong, "correct": False, "source": "two"})
    (tmp_path / "programs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    monkeypatch.chdir(tmp_path)
    return tmp_path


OPTIONS = ["--data", "data", "--split", "valid", "--solutions", "programs.jsonl", "--out", "out.jsonl"]


def results(folder):
    return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]


def test_verdicts_labels_and_the_fields_of_the_input(workplace, monkeypatch):
    said = printed(monkeypatch, eval.judge.main, *OPTIONS)
    lines = results(workplace)
    assert [line["passed"] for line in lines] == [True, False, True, False]
    assert [line["source"] for line in lines] == ["one", "two"] * 2
    for line in lines:
        assert line["verdict"] == "AC" if line["passed"] else line["verdict"] != "AC"
        assert line["tests"]["passed"] == line["tests"]["run"] - (not line["passed"])
        assert line["seconds"] >= 0
    assert said.splitlines()[-1] == "agreement with the labels: 4 / 4 (100.0%)"


def test_with_full_reports_all_tests_are_run(workplace, monkeypatch):
    printed(monkeypatch, eval.judge.main, *OPTIONS, "--full")
    right, wrong, *_ = results(workplace)
    assert wrong["tests"]["run"] == right["tests"]["run"] > 0


def test_what_is_judged_is_not_judged_again(workplace, monkeypatch):
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    whole = (workplace / "out.jsonl").read_text()
    (workplace / "out.jsonl").write_text("".join(whole.splitlines(keepends=True)[:2]) + whole[:7])  # killed in mid-line
    judged = []
    real = eval.judging.judge
    monkeypatch.setattr("eval.judging.judge", lambda program, *a, **k: judged.append(program) or real(program, *a, **k))
    printed(monkeypatch, eval.judge.main, *OPTIONS)
    assert sorted(judged) == sorted([VALID[1].right, VALID[1].wrong])
    strip = lambda line: {key: value for key, value in json.loads(line).items() if key != "seconds"}  # noqa: E731
    assert list(map(strip, (workplace / "out.jsonl").read_text().splitlines())) == list(map(strip, whole.splitlines()))


@pytest.mark.parametrize(
    ("line", "said"),
    [('{"name": "Nobody", "solution": ""}', "Nobody"), ("{", "line 1"), ('{"name": "x"}', "no name and solution")],
)
def test_a_file_that_is_no_file_of_programs_is_refused(workplace, monkeypatch, capsys, line, said):
    (workplace / "programs.jsonl").write_text(line + "\n")
    assert call(monkeypatch, eval.judge.main, *OPTIONS) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert not (workplace / "out.jsonl").exists()
