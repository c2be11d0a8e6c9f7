"""Studies that take as many problems as fit into the minutes there are, and the table of what was bought."""

import json

import pytest

import optimize.study
from eval.data.load import load_problems
from optimize.config import CompileConfig
from optimize.optimizers.table import read_config
from optimize.studies.bought import bought
from optimize.studies.minutes import FEWEST_PROBLEMS, Fit
from tests.support.packs import call
from tests.support.paths import ROOT
from tests.support.rollouts import rollout

QUICKSTART = ROOT / "optimize" / "configs" / "quickstart.toml"
PROBLEMS = load_problems("pack", "test").select(12)


@pytest.fixture
def seconds(monkeypatch) -> list[float]:
    """What the measures take."""
    given: list[float] = []
    monkeypatch.setattr("optimize.studies.minutes._measure", lambda config, problems: given.pop(0))
    return given


def config() -> CompileConfig:
    return read_config(QUICKSTART, {"lm": "simulated"})


@pytest.mark.parametrize(("took", "count"), [(0.01, 12), (10.0, 12), (12.0, 10), (60.0, FEWEST_PROBLEMS)])
def test_a_slower_machine_gets_fewer_problems_and_none_gets_too_few(tmp_path, seconds, took, count):
    seconds.append(took)
    assert Fit(minutes=10, measures=5).problems(config(), PROBLEMS, tmp_path) == count


def test_a_study_that_goes_on_takes_as_many_problems_as_before(tmp_path, seconds):
    seconds += [12.0, 1.0]
    fit = Fit(minutes=10, measures=5)
    assert fit.problems(config(), PROBLEMS, tmp_path) == fit.problems(config(), PROBLEMS, tmp_path) == 10


def test_the_measure_asks_the_model(tmp_path, capsys):
    assert Fit(minutes=10, measures=1).problems(config(), PROBLEMS, tmp_path) == 12
    assert json.loads((tmp_path / "fit.json").read_text())["seconds"] >= 0
    assert "12 of 12 problems fit into 10 minutes" in capsys.readouterr().out


def test_fit_is_for_the_race(tmp_path, monkeypatch, capsys):
    path = tmp_path / "config.toml"
    path.write_text('optimizer = "bootstrap"\n[study]\nfit = { minutes = 1, measures = 1 }\n')
    assert call(monkeypatch, optimize.study.main, path, "--out", tmp_path / "out") == 2
    assert "fit works only with the optimizer race" in capsys.readouterr().err


def test_what_was_bought_is_a_table_of_five_lines_on_the_problems_that_both_have():
    start = [rollout(f"p{number}", 0.25, arm="flow") for number in range(12)]
    compiled = [rollout(f"p{number}", 1.0 if number < 9 else 0.25, arm="compiled") for number in range(2, 14)]
    lines = bought([*start, *compiled], "flow", "compiled").splitlines()
    assert len(lines) == 2 + 5 and lines[0] == "| 10 problems it has not seen | flow | compiled |"
    assert lines[2] == "| solved | 0 % | 70 % |" and lines[3] == "| hidden tests passed | 25 % | 78 % |"
    assert (
        lines[-1].startswith("| difference in solved | +70.0 points (")
        and "points would be shown in 80 of 100" in lines[-1]
    )
    assert "no problem was judged" in bought([*start[:2], *compiled], "flow", "compiled")


def test_where_no_problem_differs_no_size_is_named():
    same = [rollout(f"p{number}", 0.2, arm=arm) for number in range(12) for arm in ("start", "compiled")]
    assert "; no problem differs" in bought(same, "start", "compiled")


def test_where_not_even_the_largest_difference_would_be_shown_that_is_said():
    few = [rollout(f"p{number}", 0.25, arm="start") for number in range(2)]
    few += [rollout(f"p{number}", 1.0 if number else 0.25, arm="compiled") for number in range(2)]
    assert "; no difference would be shown on so few" in bought(few, "start", "compiled")
