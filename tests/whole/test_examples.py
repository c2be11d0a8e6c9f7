"""The examples run as they stand, with the simulated model, and write runs that the commands read."""

import runpy
import sys

import pytest

from eval.data.load import load_problems
from eval.errors import RunError
from eval.evaluation.evaluate_programs import evaluate_programs
from eval.rollouts.run_folder import read_rollouts
from eval.simulated.model import open_model
from eval.tables.comparison import compare
from examples.my_strategy import TwoWays
from program.artifact import load_program
from program.models.scripted import scripted_lm
from tests.support.packs import isolate
from tests.support.paths import ROOT

SIMULATED = "The model is simulated: these numbers say nothing about any language model."


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    """A folder to run in, with the hand-written artifacts."""
    isolate(monkeypatch, tmp_path / "cache")
    (tmp_path / "artifacts").symlink_to(ROOT / "artifacts")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["example"])
    return tmp_path


def test_plain_python_solves_compiles_evaluates_and_compares(folder, capsys):
    source = (ROOT / "examples" / "plain_python.py").read_text()
    assert [line.split()[2].rstrip(":") for line in source.splitlines() if line.startswith("# %%")] == [
        *("The", "Solve", "Compile", "Evaluate", "Compare")
    ]
    runpy.run_path(str(ROOT / "examples" / "plain_python.py"), run_name="__main__")
    run = folder / "runs" / "plain-python-simulated" / "run"
    rollouts = read_rollouts(run)
    assert {(each.arm, each.status == "not judged") for each in rollouts} == {("direct", False), ("compiled", False)}
    said = capsys.readouterr().out
    assert f"{sum(each.status == 'solved' for each in rollouts)} of 16 rollouts are solved" in said
    assert SIMULATED in said and "| compiled | 8 |" in said
    assert SIMULATED in (run / "report.html").read_text()
    # A program in the answer to the first cell.
    compile(said.split("\nchecked: ")[0], "answer", "exec")


def test_a_strategy_of_ones_own_is_evaluated_beside_ours(folder, capsys):
    assert len((ROOT / "examples" / "my_strategy.py").read_text().splitlines()) < 60
    runpy.run_path(str(ROOT / "examples" / "my_strategy.py"), run_name="__main__")
    assert "| two-ways | " in capsys.readouterr().out
    run = folder / "runs" / "my-strategy-simulated"
    drawn = {each.problem: len(each.trace.calls) for each in read_rollouts(run) if each.arm == "two-ways"}
    assert len(drawn) == 8 and max(drawn.values()) > 1
    assert "the run does not have the artifact of direct" in compare([run])


@pytest.mark.parametrize("name", ["openai/gpt-4o", "", "..", "x" * 300])
def test_a_name_that_no_run_could_be_read_with_is_refused_before_anything_is_asked(folder, name):
    problems = load_problems("pack", "test").select(limit=1)
    with pytest.raises(RunError, match="the run: artifacts"):
        evaluate_programs({name: TwoWays()}, problems, scripted_lm([]), folder / "run")
    assert not (folder / "run").exists()


def test_a_run_goes_on_and_is_refused_to_another_class(folder):
    problems = load_problems("pack", "test").select(limit=2)

    class Other(TwoWays):
        """The same under another name."""

    with open_model("simulated", problems) as lm:
        programs = {"mine": TwoWays()}
        first = evaluate_programs(programs, problems, lm, folder / "run")
        again = evaluate_programs(programs, problems, lm, folder / "run")
        assert sorted(each.key() for each in again) == sorted(each.key() for each in first)
        assert len((folder / "run" / "rollouts.jsonl").read_text().splitlines()) == 2
        with pytest.raises(RunError, match="artifacts"):
            evaluate_programs({"mine": Other()}, problems, lm, folder / "run")
        with pytest.raises(RunError, match="artifacts"):
            evaluate_programs({"mine": load_program("artifacts/direct")}, problems, lm, folder / "run")
