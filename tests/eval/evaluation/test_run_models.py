"""Models of a run with servers of their own, settings for several programs, and what a run says of bad answers."""

import json

import pytest

import eval.run
import optimize.compile
from eval.rollouts.run_folder import read_rollouts
from program import artifact
from tests.support.packs import answer_rule, call, isolate, printed, use_lm, write_pack, write_start
from tests.support.scripted import stage_of
from tests.support.scripted_server import ServedEngine, served

FATES = {"Thrice": "right", "Cube": "fixed", "Predecessor": "wrong"}


@pytest.fixture
def options(monkeypatch, tmp_path) -> list:
    isolate(monkeypatch, tmp_path / "cache")
    arms = [write_start(tmp_path / "direct", "direct"), write_start(tmp_path / "flow", "alphacodium")]
    return [*arms, "--data", write_pack(tmp_path / "data"), "--concurrency", "2", "--out", tmp_path / "run"]


def test_fixes_are_asked_of_their_own_model_and_counted_as_its(monkeypatch, tmp_path, options):
    usual, repairer = (ServedEngine(answer_rule(**FATES)) for _ in range(2))
    with served(usual) as one, served(repairer) as two:
        models = ["--lm", "openai/usual", "--api-base", one, "--repair-lm", "openai/strong", "--repair-api-base", two]
        printed(monkeypatch, eval.run.main, *options, *models)
    assert {stage_of(prompt) for prompt in repairer.prompts} == {"FixCode"}
    assert "FixCode" not in {stage_of(prompt) for prompt in usual.prompts if "## " in prompt}
    calls = [each for rollout in read_rollouts(tmp_path / "run") for each in rollout.trace.calls]
    assert {each.model for each in calls if each.stage == "FixCode"} == {"server/strong"}
    assert {each.model for each in calls if each.stage != "FixCode"} == {"server/usual"}
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (config["lm"], config["repair_lm"], config["escalate_lm"]) == ("openai/usual", "openai/strong", None)
    assert one not in json.dumps(config) and two not in json.dumps(config)
    assert (tmp_path / "run" / "summary.md").read_text().startswith("model openai/usual, fixes by openai/strong, ")


def test_a_run_goes_on_with_the_same_models_only(monkeypatch, capsys, options):
    use_lm(monkeypatch, answer_rule(**FATES))
    printed(monkeypatch, eval.run.main, *options, "--repair-lm", "openai/strong")
    printed(monkeypatch, eval.run.main, *options, "--repair-lm", "openai/strong", "--repair-api-base", "http://x/v1")
    assert call(monkeypatch, eval.run.main, *options) == 2
    assert "repair_lm is 'openai/strong' there and not set now" in capsys.readouterr().err


@pytest.mark.parametrize("role", ["escalate", "repair"])
def test_two_servers_with_models_of_one_name_are_refused(monkeypatch, capsys, tmp_path, options, role):
    """Their answers would be taken for each other's."""
    with served(ServedEngine(answer_rule())) as one, served(ServedEngine(answer_rule())) as two:
        models = ["--lm", "openai/m", "--api-base", one, f"--{role}-lm", "openai/m", f"--{role}-api-base", two]
        evaluating = (eval.run.main, *options, *models, "--set", "rounds=2")
        compiling = (optimize.compile.main, "--start", options[1], *options[2:], *models, "--set", "rounds=2")
        for command in (evaluating, compiling):
            assert call(monkeypatch, *command) == 2
            assert "two models are called openai/m" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_prices_of_all_models_are_needed_for_a_cap_in_dollars(monkeypatch, capsys, options):
    models = ["--lm", "openai/gpt-4o-mini", "--repair-lm", "openai/unknown"]
    assert call(monkeypatch, eval.run.main, *options, *models, "--max-usd", "1") == 2
    assert "--max-usd: no price is known for openai/unknown" in capsys.readouterr().err


def test_each_program_gets_the_settings_it_has(monkeypatch, tmp_path, capsys, options):
    use_lm(monkeypatch, answer_rule(**FATES))
    printed(monkeypatch, eval.run.main, *options, "--set", "solutions=1", "--set", "max_code_tokens=321")
    direct, flow = (artifact.load_program(tmp_path / "run" / "artifacts" / arm).config for arm in ("direct", "flow"))
    assert (direct.max_code_tokens, flow.max_code_tokens, flow.solutions) == (321, 321, 1)
    assert call(monkeypatch, eval.run.main, *options, "--set", "solution=1") == 2
    assert "--set solution: no program here has this key; did you mean solutions?" in capsys.readouterr().err


def test_a_run_warns_of_arms_whose_answers_brought_nothing(monkeypatch, tmp_path, capsys, options):
    usual = answer_rule(**FATES)
    use_lm(monkeypatch, lambda prompt: "" if stage_of(prompt) == "SolveDirectly" else usual(prompt))
    printed(monkeypatch, eval.run.main, *options)
    warnings = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1 and warnings[0].startswith("warning: direct: 3 of 3 answers were unusable: 3 ")
    assert warnings[0].removeprefix("warning: ") in (tmp_path / "run" / "summary.md").read_text()
