"""Caps: an optimizer stops cleanly, what it has is saved and marked, and a larger cap goes on."""

import json
from pathlib import Path

import pytest

import optimize.compile
from eval.rollouts.run_folder import read_rollouts
from optimize.job.candidates import Candidates
from optimize.optimizers.table import NAMES
from program import artifact
from program.models.prices import Price, price_of
from program.rollout.budget import Budget, RunBudget
from tests.support.packs import VALID, call, demonstrations, plus_tasks, printed, use_lm, write_pack, write_start
from tests.support.proposals import hinted_rule

pytestmark = pytest.mark.usefixtures("own_caches")

TASKS = (*VALID, *plus_tasks(range(2, 6)))
HELPED = ("Square", "Triangle", "Plus 2", "Plus 4", "Plus 5")
SMALL = {"mipro": ["--tune", "trials=3"], "gepa": ["--tune", "metric_calls=30"], "simba": ["--tune", "steps=1"]}


@pytest.fixture
def options(tmp_path) -> list[str | Path]:
    data, start = write_pack(tmp_path / "data", TASKS), write_start(tmp_path / "start", "direct")
    return ["--start", start, "--data", data, "--concurrency", "2", "--no-gate"]


def stopped(folder: Path) -> str:
    return (artifact.read_manifest(folder).compile or {})["stopped"]


@pytest.mark.parametrize("name", NAMES)
def test_at_a_cap_the_best_so_far_is_saved_and_marked_and_a_larger_cap_goes_on(monkeypatch, tmp_path, options, name):
    arguments = [*options, "--optimizer", name, *SMALL.get(name, [])]
    cap = 5 if name in ("bootstrap", "verified") else 11
    prompts = use_lm(monkeypatch, hinted_rule(TASKS, helped=HELPED))
    said = printed(monkeypatch, optimize.compile.main, *arguments, "--max-calls", str(cap), "--out", tmp_path / "out")
    assert len(prompts) == cap
    assert "but the compilation is not finished: max_calls" in said
    assert stopped(tmp_path / "out") == f"max_calls = {cap} is reached"
    artifact.load(tmp_path / "out")
    printed(monkeypatch, optimize.compile.main, *arguments, "--max-calls", "1000", "--out", tmp_path / "out")
    assert stopped(tmp_path / "out") == ""
    went_on = len(prompts)
    prompts.clear()
    monkeypatch.setattr("optimize.compilation.compile_session.WORK_FOLDER", tmp_path / "another ledger")
    printed(monkeypatch, optimize.compile.main, *arguments, "--out", tmp_path / "whole")
    assert went_on == len(prompts)
    for file in ("program.json", "candidates.jsonl"):
        assert (tmp_path / "out" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


@pytest.mark.parametrize("asked", [("--probe",), ("--pilot", "6")])
@pytest.mark.parametrize("limit", [("--max-calls", "3"), ("--max-tokens", "100")])
def test_a_cap_outside_of_a_compilation_is_an_error_in_a_line_and_a_larger_one_goes_on(
    monkeypatch, tmp_path, capsys, asked, limit
):
    data, start = write_pack(tmp_path / "data", TASKS), write_start(tmp_path / "start", "alphacodium")
    prompts = use_lm(monkeypatch, hinted_rule(TASKS, helped=HELPED))
    arguments = ["--start", start, "--data", data, "--concurrency", "2", "--no-gate", *asked, "--out", tmp_path / "out"]
    assert call(monkeypatch, optimize.compile.main, *arguments, *limit) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"error: {limit[0][2:].replace('-', '_')} = {limit[1]} ")
    printed(monkeypatch, optimize.compile.main, *arguments)
    went_on = len(prompts)
    prompts.clear()
    monkeypatch.setattr("optimize.compilation.compile_session.WORK_FOLDER", tmp_path / "another ledger")
    printed(monkeypatch, optimize.compile.main, *arguments[:-1], tmp_path / "whole")
    assert went_on == len(prompts)


def test_the_same_cap_again_pays_nothing_and_gives_the_same(monkeypatch, tmp_path, options):
    arguments = [*options, "--optimizer", "bootstrap_rs", "--max-calls", "14", "--out", tmp_path / "out"]
    prompts = use_lm(monkeypatch, hinted_rule(TASKS, helped=HELPED))
    printed(monkeypatch, optimize.compile.main, *arguments)
    before = (tmp_path / "out" / "program.json").read_bytes()
    printed(monkeypatch, optimize.compile.main, *arguments)
    assert len(prompts) == 14 and (tmp_path / "out" / "program.json").read_bytes() == before


def test_the_best_so_far_is_the_best_candidate_that_was_scored_in_full(monkeypatch, tmp_path, options):
    """Demonstrations help here; after the teacher, the bare program and one set there is no money left."""

    def answer(prompt: str) -> str:
        return hinted_rule(TASKS, helped=() if demonstrations(prompt) else HELPED)(prompt)

    use_lm(monkeypatch, answer)
    arguments = [*options, "--optimizer", "bootstrap_rs", "--max-calls", "13", "--out", tmp_path / "out"]
    printed(monkeypatch, optimize.compile.main, *arguments)
    program, manifest = artifact.load(tmp_path / "out")
    assert program.predictors()[0].demos and manifest.scores and manifest.scores["chosen"]["score"] == 1.0


def test_what_was_rolled_out_before_a_cap_gives_demonstrations(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, hinted_rule(TASKS, helped=()))
    for name in ("bootstrap", "verified"):
        out = tmp_path / name
        printed(monkeypatch, optimize.compile.main, *options, "--optimizer", name, "--max-calls", "2", "--out", out)
        program, _ = artifact.load(out)
        assert len(program.predictors()[0].demos) == 2


def test_candidates_are_compared_by_the_problems_that_both_ran_on():
    """As SIMBA leaves them at a cap: each step has other problems, and those of the second are easy."""
    candidates, names = Candidates(["a", "b", "c", "d"], required=2), {}
    for number, scores in enumerate(({"a": 0.0, "b": 0.5}, {"a": 0.5, "b": 0.5}, {"c": 1.0, "d": 1.0})):
        program = artifact.new_program("direct", {})
        program.predictors()[0].signature = program.predictors()[0].signature.with_instructions(f"Number {number}")
        names[number] = candidates.name_of(program)
        for problem, score in scores.items():
            candidates.enter(names[number], problem, "run", score)
    best = candidates.best()
    assert best is not None and best.name == names[1]
    for problem in ("a", "b"):
        candidates.enter(names[2], problem, "run", 0.75)
    best = candidates.best()
    assert best is not None and best.name == names[2]


def test_dollars_are_capped_where_a_price_is_known_and_refused_where_not(monkeypatch, tmp_path, options, capsys):
    arguments = [*options, "--max-usd", "0.5", "--out", tmp_path / "out"]
    prompts = use_lm(monkeypatch, hinted_rule(TASKS, helped=()))
    assert call(monkeypatch, optimize.compile.main, *arguments) == 2
    assert "no price is known for local/qwen2.5-coder-0.5b" in capsys.readouterr().err and prompts == []
    assert call(monkeypatch, optimize.compile.main, *arguments[:-4], "--at", "dollars=0.5", *arguments[-2:]) == 2
    assert "budget.dollars: no price is known" in capsys.readouterr().err and prompts == []
    for module in ("optimize.job.inputs", "program.paid.ledger_engine"):
        monkeypatch.setattr(f"{module}.price_of", lambda _: Price(0.01, 0.0))
    printed(monkeypatch, optimize.compile.main, *arguments, "--concurrency", "1")
    paid = artifact.read_manifest(tmp_path / "out").cost
    assert paid and 0.5 <= paid["dollars"] < 0.5 + 0.01 * 200
    assert stopped(tmp_path / "out").startswith("max_usd")


def test_prices_are_those_of_the_map_that_dspy_has():
    known = price_of("openai/gpt-4o-mini")
    assert known is not None and 0 < known.prompt < known.completion < 1e-3
    assert known.dollars(1000, 0) == pytest.approx(1000 * known.prompt)
    assert price_of("local/qwen2.5-coder-0.5b") is None


def test_what_is_left_is_said():
    before = {"calls": 4, "tokens": 70, "dollars": 0.25, "seconds": 15.0}
    budget = RunBudget(Budget(calls=10, tokens=100, dollars=1.0, seconds=60), lambda: 7.0, before)
    assert budget.left() == "6 calls, 30 tokens, $0.75, 45 seconds"
    assert RunBudget(Budget(), before=before).left() == "" and RunBudget(Budget(), before=before).spent() is None


def test_what_earlier_sessions_have_spent_counts():
    now = 5.0
    budget = RunBudget(Budget(calls=3, seconds=60), lambda: now, {"calls": 2, "seconds": 50.0})
    assert budget.take_call() is None and budget.take_call() == "calls"
    budget.give_back()
    now = 15.0
    assert budget.seconds == 60.0 and budget.take_call() == "seconds"


@pytest.mark.parametrize("name", ["verified", "bootstrap"])
def test_a_program_whose_rollouts_have_a_budget_can_be_compiled(monkeypatch, tmp_path, options, name):
    use_lm(monkeypatch, hinted_rule(TASKS, helped=HELPED))
    (tmp_path / "config.toml").write_text("[settings.budget]\ncalls = 6\n")
    out = tmp_path / "out"
    printed(monkeypatch, optimize.compile.main, tmp_path / "config.toml", *options, "--optimizer", name, "--out", out)
    assert json.loads((out / "manifest.json").read_text())["config"]["budget"]["calls"] == 6
    assert all(len(rollout.trace.calls) <= 6 for rollout in read_rollouts(out / "training"))
