"""What a run of `eval.run` may spend in all its sessions, and options that would do nothing."""

import pytest

import eval.run
from eval.rollouts.rollout import CUT_SHORT
from eval.rollouts.run_folder import read_rollouts
from judge.sandbox.layers.guards import LAYERS
from judge.shared import default_pool
from program.rollout.budget import Budget
from tests.support.packs import VALID, answer_rule, call, isolate, printed, use_lm, write_pack, write_start


@pytest.fixture
def options(monkeypatch, tmp_path) -> list:
    isolate(monkeypatch, tmp_path / "cache")
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "start", "direct")
    return [start, "--data", data, "--split", "valid", "--concurrency", "1", "--out", tmp_path / "run"]


def test_all_sessions_together_keep_to_the_budget(monkeypatch, tmp_path, options):
    prompts = use_lm(monkeypatch, answer_rule())
    for _ in range(3):
        said = printed(monkeypatch, eval.run.main, *options, "--max-calls", "2")
        assert "its budget of calls is spent" in said and len(prompts) == 2
    printed(monkeypatch, eval.run.main, *options, "--max-calls", "3")
    assert len(prompts) == 3
    said = printed(monkeypatch, eval.run.main, *options, "--max-calls", str(len(VALID)))
    assert len(prompts) == len(VALID) and "is spent" not in said, "nothing is left to do"
    printed(monkeypatch, eval.run.main, *options)
    assert len(prompts) == len(read_rollouts(tmp_path / "run")) == len(VALID)


@pytest.mark.parametrize(("calls", "begun"), [(3, 1), (len(VALID) * 10 + 1, len(VALID))])
def test_a_rollout_that_the_budget_cuts_short_is_in_no_rate(monkeypatch, tmp_path, calls, begun):
    """It lacks calls, so its answer is not the program's answer, right or wrong. Those that ended count."""
    isolate(monkeypatch, tmp_path / "cache")
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "start", "alphacodium")
    use_lm(monkeypatch, answer_rule())
    options = [start, "--data", data, "--split", "valid", "--concurrency", "1", "--out", tmp_path / "run"]
    said = printed(monkeypatch, eval.run.main, *options, "--max-calls", str(calls))
    rollouts = read_rollouts(tmp_path / "run")
    cut = [each for each in rollouts if each.is_cut_short]
    assert len(rollouts) == begun and len(cut) == int(calls == 3)
    assert all((each.status, each.score, each.error) == ("not judged", None, CUT_SHORT) for each in cut)
    assert ("the budget of the run cut short 1 rollout; no rate includes them" in said) == bool(cut)
    if cut:
        assert "| start | 0 / 0 | – |" in said and "not judged (infrastructure)" not in said
        said = printed(monkeypatch, eval.run.main, *options)
        assert len(read_rollouts(tmp_path / "run")) == len(VALID) and "NOT FINISHED" not in said


def test_what_is_left_of_a_budget():
    budget = Budget(calls=5, tokens=100, dollars=1.5)
    assert budget.after({"calls": 2, "tokens": 99, "dollars": 1.0}) == Budget(calls=3, tokens=1, dollars=0.5)
    assert Budget().after({"calls": 7}) == Budget()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--max-usd", "1"], "--max-usd: no price is known for local/qwen2.5-coder-0.5b"),
        (["--set", "budget.dollars=1"], "--set budget.dollars: no price is known for local/qwen2.5-coder-0.5b"),
        (["--escalate-lm", "openai/gpt-4o"], "--escalate-lm: no program here has a second round"),
    ],
)
def test_options_that_would_do_nothing_are_refused(monkeypatch, tmp_path, options, capsys, more, said):
    prompts = use_lm(monkeypatch, answer_rule())
    assert call(monkeypatch, eval.run.main, *options, *more) == 2
    assert said in capsys.readouterr().err and not prompts and not (tmp_path / "run").exists()


def test_a_run_says_what_its_programs_were_judged_under(monkeypatch, tmp_path, options):
    use_lm(monkeypatch, answer_rule())
    said = printed(monkeypatch, eval.run.main, *options)
    assert f"Programs were judged under {default_pool().isolation()}." in said
    assert set(default_pool().isolation().split("+")) <= {"fork", *LAYERS}
    scores = [rollout.score for rollout in read_rollouts(tmp_path / "run")]
    assert {(score.isolation, score.checker) for score in scores} == {(default_pool().isolation(), "strict")}
