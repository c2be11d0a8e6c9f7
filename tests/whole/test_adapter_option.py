"""An artifact names its adapter, commands can change it, and what was used is on record."""

import json

import pytest

import eval.run
import optimize.compile
from eval.rollouts.run_folder import read_config, read_rollouts
from program import artifact
from program.adapters.choice import DEFAULT_ADAPTER
from program.adapters.yaml.adapter import YAMLAdapter
from program.artifact import ArtifactError
from program.errors import UserError
from tests.support.packs import VALID, answer_rule, call, use_lm, write_pack, write_start

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
        artifact.fingerprint(*artifact.load(start, adapter=name)) for name in (None, DEFAULT_ADAPTER, "lean", "yaml")
    }
    assert len(fingerprints) == 3


def test_an_unknown_adapter_is_refused_in_one_line(start):
    with pytest.raises(UserError, match="no adapter telegraph: there are lean, yaml"):
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
