"""Answers that another run has paid for, taken for nothing with `--answers`."""

import json
import sqlite3
from contextlib import closing

import dspy
import pytest

import eval.run
import optimize.compile
from eval.rollouts.run_folder import read_rollouts
from program.input_files import read_toml
from program.models.names import DEFAULT_MODEL
from program.models.scripted import ScriptedEngine
from tests.support.packs import (
    answer_rule,
    call,
    opener_of,
    plus_tasks,
    printed,
    use_lm,
    use_opener,
    write_pack,
    write_start,
)
from tests.support.paths import ROOT

TASKS = plus_tasks(range(1, 9))
pytestmark = pytest.mark.usefixtures("own_caches")


@pytest.fixture
def prompts(monkeypatch, tmp_path) -> list:
    write_pack(tmp_path / "data", TASKS, TASKS)
    write_start(tmp_path / "start", "alphacodium")
    return use_lm(monkeypatch, answer_rule(TASKS))


def test_a_run_asks_nothing_that_another_run_has_paid_for(monkeypatch, tmp_path, prompts):
    command = [eval.run.main, tmp_path / "start", "--data", tmp_path / "data"]
    printed(monkeypatch, *command, "--out", tmp_path / "first")
    asked = len(prompts)
    printed(monkeypatch, *command, "--answers", tmp_path / "first", "--out", tmp_path / "second")
    assert len(prompts) == asked > 0
    first, second = (read_rollouts(tmp_path / name) for name in ("first", "second"))
    assert [(each.status, each.totals.calls) for each in first] == [(each.status, each.totals.calls) for each in second]


def test_programs_with_the_same_draws_pay_once_for_the_prompts_that_they_share(monkeypatch, tmp_path, prompts, capsys):
    for name in ("one", "other"):
        write_start(tmp_path / name, "alphacodium")
    command = [eval.run.main, tmp_path / "one", tmp_path / "other", "--data", tmp_path / "data", "--n", 2]
    printed(monkeypatch, *command, "--same-draws", "--out", tmp_path / "shared")
    shared = len(prompts)
    printed(monkeypatch, *command, "--out", tmp_path / "apart")
    assert len(prompts) - shared == 2 * shared > 0
    costs = {(each.arm, each.problem, each.sample): each.totals.calls for each in read_rollouts(tmp_path / "shared")}
    assert {key[0] for key in costs} == {"one", "other"}
    assert all(calls == costs["other", *key[1:]] for key, calls in costs.items()), "each counts what it used"
    assert call(monkeypatch, *command, "--out", tmp_path / "shared") == 2
    assert "same_draws" in capsys.readouterr().err


def test_a_compilation_on_another_machine_takes_the_answers_of_one_here(monkeypatch, tmp_path, prompts):
    words = ["--tune", "demos=0", "--tune", "instructions=false", "--tune", "proposals=0"]
    command = ["--start", tmp_path / "start", "--data", tmp_path / "data", "--tune", "turn=direct_first", *words]
    command += ["--no-gate", "--tune", "rollouts=8"]
    printed(monkeypatch, optimize.compile.main, *command, "--out", tmp_path / "first")
    (ledger,) = (tmp_path / "cache").rglob("ledger.sqlite")
    asked = len(prompts)
    monkeypatch.setattr("optimize.compilation.compile_session.WORK_FOLDER", tmp_path / "another machine")
    printed(monkeypatch, optimize.compile.main, *command, "--answers", ledger.parent, "--out", tmp_path / "second")
    assert len(prompts) == asked > 0
    first, second = (json.loads((tmp_path / name / "report.json").read_text()) for name in ("first", "second"))
    assert second["paid"]["reused"] == asked and second["race"] == first["race"]
    assert {line["candidate"] for line in second["race"]} == {"start", "direct_first=1", "direct_first=3"}


@pytest.mark.parametrize("module", [eval.run, optimize.compile])
def test_a_folder_without_answers_is_refused_before_anything_is_asked(monkeypatch, tmp_path, capsys, prompts, module):
    start = [tmp_path / "start"] if module is eval.run else ["--start", tmp_path / "start"]
    command = [*start, "--data", tmp_path / "data", "--answers", tmp_path, "--out", tmp_path / "out"]
    assert call(monkeypatch, module.main, *command) == 2
    assert f"no answers in {tmp_path}" in capsys.readouterr().err and not prompts


def test_a_key_that_no_candidate_turns_is_refused(monkeypatch, tmp_path, capsys, prompts):
    command = ["--start", tmp_path / "start", "--data", tmp_path / "data", "--tune", "turn=colour"]
    assert call(monkeypatch, optimize.compile.main, *command, "--out", tmp_path / "out") == 2
    assert "turn: nothing to try for colour here; it can have " in capsys.readouterr().err and not prompts


def test_the_answers_of_the_quickstart_are_those_to_the_prompts_of_its_start(monkeypatch, tmp_path):
    """After a change of the hand-written prompts the quickstart would take longer; `benchmarks.flow.kept_answers` says
    how new answers are made."""
    asked = []
    engine = ScriptedEngine(lambda prompt: asked.append(prompt) or "")
    engine.supports_response_schema = True
    lm = dspy.LM(DEFAULT_MODEL, engine=engine, cache=False, num_retries=0)
    use_opener(monkeypatch, opener_of(lm))
    quickstart = read_toml(ROOT / "optimize" / "configs" / "quickstart.toml")
    shape = ["--set", f"budget.calls={quickstart['settings']['budget']['calls']}", "--limit", "3"]
    (answers,) = quickstart["answers"]
    command = [ROOT / quickstart["start"], *shape, "--answers", ROOT / answers, "--out", tmp_path / "out"]
    printed(monkeypatch, eval.run.main, *command)
    assert not asked
    assert all(each.totals.calls == 3 for each in read_rollouts(tmp_path / "out"))


def test_the_quickstarts_answers_count_with_the_seconds_that_they_took():
    """Without these seconds, the start would seem a hundred times as fast as the compiled program."""
    with closing(sqlite3.connect(f"file:{ROOT / 'runs/quickstart-answers/ledger.sqlite'}?mode=ro", uri=True)) as data:
        answers = [json.loads(answer) for (answer,) in data.execute("select answer from calls")]
    assert answers and all(seconds > 1 for _, _, seconds in answers)
