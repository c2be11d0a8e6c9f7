"""What lies in the folder of a compiled artifact, how it is shown, and what of it is applied or refused on loading."""

import json
from pathlib import Path

import dspy
import pytest

import eval.run
import optimize.compile
import optimize.show
from optimize.compilation.prompts import prompt_texts
from program import artifact
from program.artifact import ArtifactError
from program.models.scripted import Rule, ScriptedEngine
from program.predictors import type_name
from signatures.fields import AITest, ShortText, Solution
from tests.support.packs import VALID, answer_rule, call, isolate, printed, use_lm, write_pack, write_start
from tests.support.scripted import stage_of

FILES = {"program.json", "manifest.json", "report.json", "prompts.md", "candidates.jsonl", "training"}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> Path:
    """A flow compiled by `verified`, in `out`, beside its `start` and `data`."""
    folder = tmp_path_factory.mktemp("compiled")
    data, start = write_pack(folder / "data"), write_start(folder / "start", "alphacodium")
    with pytest.MonkeyPatch.context() as patched:
        isolate(patched, folder / "cache")
        use_lm(patched, answer_rule(Square="wrong", Successor="fixed"))
        options = ["--start", start, "--data", data, "--optimizer", "verified", "--no-gate", "--out", folder / "out"]
        config = folder / "config.toml"
        config.write_text("[lm_settings]\ntop_p = 0.9\n")
        printed(patched, optimize.compile.main, config, *options)
    return folder


def test_the_folder_holds_the_program_and_what_is_to_be_known_of_it(compiled):
    assert {path.name for path in (compiled / "out").iterdir()} == FILES


def test_the_report_says_for_every_demonstration_why_it_was_chosen(compiled):
    report = json.loads((compiled / "out" / "report.json").read_text())
    program, _ = artifact.load(compiled / "out")
    for name, predictor in program.named_predictors():
        shown = [demo["problem"].partition("\n")[0] for demo in predictor.demos]
        assert [each["problem"] for each in report["evidence"].get(name, [])] == shown, "frozen stages have none"
        assert all(each["evidence"] and each["credit"] > 0 for each in report["evidence"].get(name, []))
    assert report["evidence"]["repair.fix_code.predict"][0]["problem"] == "Successor"
    assert report["paid"]["by_phase"].keys() == {"training", "proofs"}


def test_calls_of_rollouts_that_failed_are_shown_where_they_were_right(compiled):
    """All programs for the Square are wrong, but its explanations and tests are not."""
    report = json.loads((compiled / "out" / "report.json").read_text())
    everything = {name: {each["problem"] for each in chosen} for name, chosen in report["evidence"].items()}
    assert "Square" not in everything["write_code.write_code.predict"] | everything["understand.reflect.predict"]
    with pytest.MonkeyPatch.context() as patched:
        isolate(patched, compiled / "cache two")
        use_lm(patched, without_repeats(answer_rule(**dict.fromkeys([task.name for task in VALID], "wrong"))))
        options = ["--start", compiled / "start", "--data", compiled / "data", "--optimizer", "verified"]
        printed(patched, optimize.compile.main, *options, "--no-gate", "--out", compiled / "failed")
    program, _ = artifact.load(compiled / "failed")
    with_demos = {name for name, predictor in program.named_predictors() if predictor.demos}
    assert with_demos == {"write_tests.write_tests.predict"}


def without_repeats(rule: Rule) -> Rule:
    """The same answers, but for the test that only repeats a public one: nothing is proven beside such a test."""

    def answer(prompt: str) -> str:
        given = rule(prompt)
        return json.dumps({"tests": json.loads(given)["tests"][:1]}) if stage_of(prompt) == "WriteTests" else given

    return answer


def test_prompts_are_there_in_full_with_their_difference_from_the_hand_written_ones(compiled):
    text = (compiled / "out" / "prompts.md").read_text()
    program, manifest = artifact.load(compiled / "out")
    for name, prompt in prompt_texts(program, manifest).items():
        assert f"## {name}\n" in text and prompt in text
    hand_written = prompt_texts(artifact.new_program("alphacodium", manifest.config), manifest)
    assert all(
        prompt in prompt_texts(artifact.load(compiled / "start")[0], manifest)[name]
        for name, prompt in hand_written.items()
    )
    assert "+[assistant]" in text and "As hand-written." in text


def test_an_artifact_is_shown_and_two_are_compared(compiled, monkeypatch):
    said = printed(monkeypatch, optimize.show.main, compiled / "out")
    assert "write_code.write_code.predict: 2 demonstrations" in said
    assert "compiled with: verified for" in said and "Twice" in said
    assert "None" not in said and "{" not in said and "all other settings have their defaults" in said
    changes = printed(monkeypatch, optimize.show.main, compiled / "start", compiled / "out")
    assert "origin: hand-written → compiled" in changes and "None" not in changes and "{" not in changes
    assert "| write_code.write_code.predict |  | 2 added |" in changes and "- added: Twice" in changes
    assert "cost of compiling: " in changes and "compiled with: verified for" in changes
    back = printed(monkeypatch, optimize.show.main, compiled / "out", compiled / "start")
    assert "| write_code.write_code.predict |  | 2 gone |" in back and "origin: compiled → hand-written" in back
    whole = printed(monkeypatch, optimize.show.main, compiled / "start", compiled / "out", "--prompts")
    assert "+[assistant]" in whole
    same = printed(monkeypatch, optimize.show.main, compiled / "out", compiled / "out")
    assert "Stages with the same prompts: understand.reflect.predict" in same and "→" not in same
    assert "a credit" not in same
    evidence = printed(monkeypatch, optimize.show.main, compiled / "out", "--report")
    assert "- Twice, rollout 0, credit 1.00" in evidence and "further tests" in evidence


def test_what_cannot_be_shown_is_refused_in_one_line(compiled, monkeypatch, tmp_path, capsys):
    write_start(tmp_path / "direct", "direct")
    for arguments in (["nowhere"], [compiled / "out", tmp_path / "direct"], [compiled / "start", "--report"]):
        assert call(monkeypatch, optimize.show.main, *arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_lm_settings_are_in_the_manifest_and_applied_when_it_is_evaluated(compiled, monkeypatch, tmp_path, capfd):
    manifest = artifact.read_manifest(compiled / "out")
    assert manifest.lm == {"model": "local/qwen2.5-coder-0.5b", "top_p": 0.9}
    seen = []
    answer = ScriptedEngine.complete

    def complete(self, request):
        seen.append(request.config.top_p)
        return answer(self, request)

    monkeypatch.setattr(ScriptedEngine, "complete", complete)
    isolate(monkeypatch, tmp_path / "cache")
    use_lm(monkeypatch, answer_rule())
    options = ["--data", compiled / "data", "--split", "valid", "--limit", "1", "--out", tmp_path / "run"]
    printed(monkeypatch, eval.run.main, compiled / "out", compiled / "start", *options)
    assert set(seen) == {0.9, None}
    assert "warning: out was compiled on 1 of these problems" in capfd.readouterr().err


@pytest.mark.parametrize("setting", ["api_key = 'secret'", "api_base = 'http://there'", "timeout = 3"])
def test_keys_and_addresses_are_no_lm_settings(compiled, monkeypatch, tmp_path, setting, capsys):
    (tmp_path / "config.toml").write_text(f"[lm_settings]\n{setting}\n")
    options = ["--start", compiled / "start", "--data", compiled / "data", "--out", tmp_path / "out"]
    assert call(monkeypatch, optimize.compile.main, tmp_path / "config.toml", *options) == 2
    assert "lm_settings" in capsys.readouterr().err


def test_addresses_are_in_no_file_of_an_artifact(monkeypatch, tmp_path):
    isolate(monkeypatch, tmp_path / "cache")
    use_lm(monkeypatch, answer_rule())
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "start", "direct")
    options = ["--start", start, "--data", data, "--api-base", "http://secret.example", "--out", tmp_path / "out"]
    printed(monkeypatch, optimize.compile.main, *options)
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or b"secret.example" not in path.read_bytes()


def test_a_field_of_another_type_is_refused_with_the_difference(compiled, tmp_path):
    program, manifest = artifact.load(compiled / "start")
    artifact.save(tmp_path, program, manifest)
    changed = json.loads((tmp_path / "manifest.json").read_text())
    changed["types"]["write_tests.write_tests.predict"]["tests"] = "list[str]"
    (tmp_path / "manifest.json").write_text(json.dumps(changed))
    there = r"tests of write_tests.write_tests.predict is list\[str\] there and list\[AITest"
    with pytest.raises(ArtifactError, match=there):
        artifact.load(tmp_path)


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        (str, "str"),
        (list[ShortText], "list[str]"),
        (Solution | None, f"{type_name(Solution)} | None"),
        (list[AITest], "list[AITest(input: str, output: str, explanation: str)]"),
        (dict[str, int], "dict[str, int]"),
    ],
)
def test_types_are_named_with_their_fields_and_without_their_bounds(annotation, name):
    assert type_name(annotation) == name


def test_stages_have_different_fields_so_that_an_optimizer_cannot_take_one_for_another():
    """GEPA finds the calls of a predictor by equal signatures, and we find its stage by its fields."""
    for program in (artifact.new_program("alphacodium", {}), artifact.new_program("direct", {})):
        fields = [tuple(predictor.signature.fields) for predictor in program.predictors()]
        assert len(set(fields)) == len(fields) and isinstance(program, dspy.Module)


def test_a_stored_run_of_the_split_gives_the_same_demonstrations_without_a_rollout(compiled, monkeypatch, tmp_path):
    isolate(monkeypatch, tmp_path / "cache")
    prompts = use_lm(monkeypatch, answer_rule(Square="wrong", Successor="fixed"))
    data = ["--data", compiled / "data", "--split", "valid"]
    printed(
        monkeypatch, eval.run.main, compiled / "start", *data, "--out", tmp_path / "run", "--set", "temperature=0.2"
    )
    made = len(prompts)
    options = ["--start", compiled / "start", "--data", compiled / "data", "--optimizer", "verified"]
    printed(
        monkeypatch,
        optimize.compile.main,
        *options,
        "--no-gate",
        "--tune",
        f'runs=["{tmp_path / "run"}"]',
        "--tune",
        "proof_calls=0",
        "--out",
        tmp_path / "out",
    )
    assert len(prompts) - made <= 1, "the model is checked, and nothing else is asked"
    shown = [artifact.load(folder)[0] for folder in (compiled / "out", tmp_path / "out")]
    demos = [{name: each.demos for name, each in program.named_predictors()} for program in shown]
    assert demos[0] == demos[1] and any(demos[0].values())


def test_a_run_over_other_problems_gives_no_demonstrations(compiled, monkeypatch, tmp_path, capsys):
    isolate(monkeypatch, tmp_path / "cache")
    use_lm(monkeypatch, answer_rule())
    printed(monkeypatch, eval.run.main, compiled / "start", "--data", compiled / "data", "--out", tmp_path / "run")
    options = ["--start", compiled / "start", "--data", compiled / "data", "--optimizer", "verified"]
    arguments = [*options, "--tune", f'runs=["{tmp_path / "run"}"]', "--out", tmp_path / "out"]
    assert call(monkeypatch, optimize.compile.main, *arguments) == 2
    assert "is a run over" in capsys.readouterr().err
