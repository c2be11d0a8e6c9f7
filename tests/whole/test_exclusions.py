"""Problems left out of what is shown of stored runs: every command takes the same file, and says so."""

import json

import pytest

import eval.compare
import eval.export
import eval.replication
import eval.report.__main__
import eval.show
import eval.summarize
from eval.errors import RunError
from eval.report.overview import overview
from eval.rollouts.stored_arms import data_text, read_run, stored_arms
from tests.support.packs import call, printed
from tests.support.rollouts import rates, store

pytestmark = pytest.mark.usefixtures("few_resamples")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Both arms fail the suspect problem alone."""
    (tmp_path / "suspects.json").write_text(json.dumps({"exclude": {"suspect": ["interactive"], "elsewhere": []}}))
    problems = {"apple": 1.0, "berry": 1.0, "suspect": 0.0}
    monkeypatch.chdir(tmp_path)
    return store(tmp_path / "run", rates({"direct": problems, "handwritten": problems}))


SAID = "2 problems of pack test without those of suspects.json"


@pytest.mark.parametrize(
    ("main", "said"),
    [
        (eval.compare.main, [SAID, "| direct | 2 / 2 |"]),
        (eval.summarize.main, [SAID, "| handwritten | 2 / 2 |", "| direct | 100.0 % (34–100) | 100.0 % (34–100) |"]),
        (eval.replication.main, [SAID, "| pass@1 | public + private | 100.0 % (34–100) |"]),
        (eval.show.main, ["pack test without those of suspects.json", "| direct | 2 / 2 |"]),
        (eval.export.main, ["direct,scripted/lm,apple", "handwritten,scripted/lm,berry"]),
        (eval.report.__main__.main, ["report.html"]),
    ],
    ids=["compare", "summarize", "replication", "show", "export", "report"],
)
def test_every_command_leaves_them_out_and_refuses_what_is_no_file_of_them(run, monkeypatch, capsys, main, said):
    reported = printed(monkeypatch, main, run, "--exclude", "suspects.json")
    assert all(each in reported for each in said) and "suspect " not in reported and ",suspect," not in reported
    capsys.readouterr()
    assert call(monkeypatch, main, run, "--exclude", "none.json") == 2
    error = capsys.readouterr().err
    assert error.startswith("error: none.json is not an exclusion file") and error.count("\n") == 1


def test_a_report_names_the_file_and_has_no_block_of_them(run):
    reported = overview(stored_arms([run], exclude="suspects.json"), [])
    assert reported["problems"] == ["apple", "berry"] and len(reported["cells"]) == 2
    assert reported["subtitle"] == "pack test without those of suspects.json, 1 sample per problem"


def test_a_problem_that_is_left_out_is_not_shown(run, monkeypatch, capsys):
    assert call(monkeypatch, eval.show.main, run, "suspect", "--exclude", "suspects.json") == 2
    assert "no problem 'suspect'" in capsys.readouterr().err


def test_nothing_is_missing_of_a_run_because_it_was_left_out(run):
    assert [(arm.missing, len(arm.rollouts)) for arm in stored_arms([run], exclude="suspects.json")] == [(0, 2)] * 2


def test_a_file_that_the_run_was_made_without_already_is_named_once(run):
    config, _ = read_run(run, "suspects.json")
    assert data_text({**config, "exclude": "suspects.json"}) == "pack test without those of suspects.json"


def test_a_run_of_which_nothing_is_left_is_refused(run, tmp_path):
    (tmp_path / "all.json").write_text(json.dumps({"exclude": ["apple", "berry", "suspect"]}))
    with pytest.raises(RunError, match=r"no problem is left without those of all\.json"):
        read_run(run, "all.json")
