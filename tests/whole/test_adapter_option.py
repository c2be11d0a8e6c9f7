"""An artifact names its adapter and its order, commands can change them, and what was used is on record."""

import json
from typing import get_args

import dspy
import pytest

import eval.compare
import eval.run
import eval.summarize
import optimize.compile
import optimize.show
from eval.rollouts.run_folder import read_config, read_rollouts
from program import artifact
from program.adapters.adapter_names import DEFAULT_ADAPTER
from program.adapters.sections import Order
from program.adapters.yaml.adapter import YAMLAdapter
from program.artifact import ArtifactError
from program.baselines.direct import Direct
from program.errors import UserError
from program.models.scripted import scripted_lm
from program.stage.config import ProgramConfig
from signatures.code import SolveDirectly
from tests.support.packs import VALID, answer_rule, call, use_lm, write_pack, write_start
from tests.support.paths import ROOT

pytestmark = pytest.mark.usefixtures("own_caches")


@pytest.fixture
def start(tmp_path):
    return write_start(tmp_path / "start", "direct")


@pytest.fixture
def data(tmp_path):
    return write_pack(tmp_path / "data")


def named(folder, adapter: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "adapter": adapter}))


def test_an_artifact_has_the_default_adapter_unless_it_says_otherwise(start):
    assert artifact.load(start)[1].adapter == DEFAULT_ADAPTER
    named(start, "yaml")
    assert isinstance(artifact.load_program(start).adapter, YAMLAdapter)


def test_the_adapter_can_be_changed_on_load_and_is_part_of_the_fingerprint(start):
    fingerprints = {
        artifact.fingerprint(*artifact.load(start, adapter=name)) for name in (None, DEFAULT_ADAPTER, "json", "yaml")
    }
    assert len(fingerprints) == 3


def test_an_unknown_adapter_is_refused_in_one_line(start):
    with pytest.raises(UserError, match="no adapter telegraph: there are lean, "):
        artifact.load(start, adapter="telegraph")
    named(start, "telegraph")
    with pytest.raises(ArtifactError, match=r"manifest.json: adapter: .*no adapter telegraph"):
        artifact.load(start)


def test_a_run_uses_the_adapter_that_is_given_and_records_it(start, data, tmp_path, monkeypatch):
    prompts = use_lm(monkeypatch, answer_rule())
    run = tmp_path / "run"
    assert call(monkeypatch, eval.run.main, start, "--data", data, "--adapter", "yaml", "--out", run) == 0
    assert prompts and all("```yaml\ncode: |" in prompt for prompt in prompts)
    assert read_config(run)["adapter"] == "yaml"
    rollouts = read_rollouts(run)
    assert all(rollout.status == "solved" for rollout in rollouts)
    assert all(rollout.trace.calls[0].salvaged for rollout in rollouts)  # the script answers as it always does


def test_a_run_goes_on_under_the_same_adapter_only(start, data, tmp_path, monkeypatch, capsys):
    use_lm(monkeypatch, answer_rule())
    options = [start, "--data", data, "--out", tmp_path / "run"]
    assert call(monkeypatch, eval.run.main, *options) == 0
    assert call(monkeypatch, eval.run.main, *options, "--adapter", "yaml") == 2
    assert "adapter is not set there and 'yaml' now" in capsys.readouterr().err


def test_a_command_refuses_an_unknown_adapter(start, data, tmp_path, monkeypatch, capsys):
    use_lm(monkeypatch, answer_rule())
    options = ["--data", data, "--adapter", "telegraph", "--out", tmp_path / "out"]
    assert call(monkeypatch, eval.run.main, start, *options) == 2
    assert call(monkeypatch, optimize.compile.main, "--start", start, *options) == 2
    assert capsys.readouterr().err.count("no adapter telegraph") == 2


def test_a_compiled_program_keeps_the_adapter_it_was_compiled_with(start, data, tmp_path, monkeypatch):
    use_lm(monkeypatch, answer_rule(VALID))
    out = tmp_path / "compiled"
    options = ["--start", start, "--data", data, "--demos", "1", "--concurrency", "1", "--out", out]
    assert call(monkeypatch, optimize.compile.main, *options, "--adapter", "yaml") == 0
    _, manifest = artifact.load(out)
    assert manifest.adapter == "yaml" and manifest.compile and manifest.compile["adapter"] == "yaml"


# Order


def shown(folder, **changes) -> str:
    """How the program's prompts begin."""
    program, _ = artifact.load(folder, **changes)
    assert program.adapter
    return program.adapter.format(SolveDirectly, [], {"problem": "Double"})[0]["content"]


def test_the_problem_comes_first_unless_the_configuration_says_otherwise(start):
    assert shown(start) == "## problem\nDouble" == shown(start, adapter="yaml")
    assert shown(start, config={"order": "stage-first"}).startswith(SolveDirectly.instructions)
    prints = {artifact.fingerprint(*artifact.load(start, {"order": order})) for order in get_args(Order)}
    assert len(prints) == len(get_args(Order))


@pytest.mark.parametrize("name", ["chat", "json", "xml"])
def test_with_an_adapter_of_dspys_the_configuration_names_dspys_order(start, name):
    program, manifest = artifact.load(start, adapter=name)
    assert program.config.order == manifest.config["order"] == "stage-first"
    assert artifact.load(start, {"order": "stage-first"}, name)[0].config == program.config
    with pytest.raises(UserError, match=f"^order=problem-first: prompts of the adapter {name} are DSPy's"):
        artifact.load(start, {"order": "problem-first"}, name)
    named(start, name)
    with pytest.raises(UserError, match="order=problem-first: prompts of the adapter"):
        artifact.load(start)


def test_a_program_of_plain_python_has_the_order_of_its_configuration(double):
    asked = []
    lm = scripted_lm(lambda prompt: asked.append(prompt) or "```python\nprint(1)\n```")
    with dspy.context(lm=lm, adapter=None):
        for order in ("problem-first", "stage-first"):
            Direct(ProgramConfig(order=order))(problem=double)
    assert [prompt.startswith("## problem") for prompt in asked] == [True, False]


def test_a_run_in_another_order_is_another_run(start, data, tmp_path, monkeypatch, capsys):
    prompts = use_lm(monkeypatch, answer_rule())
    options = [start, "--data", data, "--out", tmp_path / "run"]
    assert call(monkeypatch, eval.run.main, *options, "--set", "order=stage-first") == 0
    assert prompts and not any(prompt.startswith("## problem") for prompt in prompts)
    assert call(monkeypatch, eval.run.main, *options) == 2
    assert "artifacts.start is" in capsys.readouterr().err
    assert call(monkeypatch, eval.run.main, *options, "--adapter", "json", "--set", "order=problem-first") == 2
    assert "error: order=problem-first: prompts of the adapter json are DSPy's" in capsys.readouterr().err


@pytest.mark.parametrize("folder", sorted((ROOT / "artifacts").iterdir()), ids=lambda folder: folder.name)
def test_every_artifact_here_has_the_usual_adapter_and_order(folder):
    program, manifest = artifact.load(folder)
    assert manifest.adapter == DEFAULT_ADAPTER
    others = {"conversation": "conversation", "direct-race-0.5b": "stage-first"}  # the race chose the order
    assert program.config.order == others.get(folder.name, "problem-first")


def test_reports_say_that_arms_differ_in_more_than_their_prompts(start, data, tmp_path, monkeypatch, capsys):
    use_lm(monkeypatch, answer_rule())
    program, manifest = artifact.load(start, {"order": "stage-first"})
    artifact.save(tmp_path / "other", program, manifest)
    run, said = tmp_path / "run", "NOT ONLY THE PROMPTS DIFFER: order (problem-first: start; stage-first: other)."
    assert call(monkeypatch, eval.run.main, start, tmp_path / "other", "--data", data, "--out", run) == 0
    assert said in capsys.readouterr().out and said in (run / "summary.md").read_text()
    for report in (eval.compare.main, eval.summarize.main):
        assert call(monkeypatch, report, run) == 0
        assert said in capsys.readouterr().out
    assert call(monkeypatch, optimize.show.main, start, tmp_path / "other") == 0
    assert "- setting order: problem-first → stage-first\n" in capsys.readouterr().out


def test_a_compiled_artifact_is_shown_with_its_adapter(monkeypatch, capsys):
    assert call(monkeypatch, optimize.show.main, ROOT / "artifacts" / "direct-verified-0.5b") == 0
    assert "\nadapter: lean\n" in capsys.readouterr().out
