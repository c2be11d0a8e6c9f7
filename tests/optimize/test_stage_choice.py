"""--only and --freeze: stages that are not tuned stay exactly as they are, and are saved all the same."""

import json

import pytest

import optimize.compile
from optimize.config import ConfigError
from optimize.job.stages import freeze, frozen_stages, stages_of, thaw
from program import artifact
from tests.support.packs import SMALL_FLOW, VALID, answer_rule, call, isolate, printed, use_lm, write_pack, write_start


@pytest.fixture
def flow():
    return artifact.new_program("alphacodium", SMALL_FLOW)


def test_stages_are_named_by_their_signatures(flow):
    names = {name: stage.name for name, stage in stages_of(flow)}
    assert names["write_code.write_code.predict"] == "WriteCode" and names["repair.fix_code.predict"] == "FixCode"
    assert list(names) == [name for name, _ in flow.named_predictors()]


def test_only_and_freeze_say_which_stages_stay(flow):
    everything = [stage.name for _, stage in stages_of(flow)]
    assert frozen_stages(flow, [], []) == []
    assert frozen_stages(flow, ["WriteCode"], []) == [name for name in everything if name != "WriteCode"]
    assert frozen_stages(flow, [], ["FixCode"]) == ["FixCode"]
    assert frozen_stages(flow, ["WriteCode", "FixCode"], ["FixCode"]) == [n for n in everything if n != "WriteCode"]


@pytest.mark.parametrize(("only", "frozen"), [(["Write"], []), ([], ["write_code"]), (["WriteCode"], ["WriteCode"])])
def test_unknown_stages_and_nothing_to_tune_are_refused(flow, only, frozen):
    with pytest.raises(ConfigError):
        frozen_stages(flow, only, frozen)


def test_a_frozen_stage_is_hidden_until_it_is_thawed(flow):
    before = [name for name, _ in flow.named_predictors()]
    freeze(flow, ["WriteCode"])
    assert "write_code.write_code.predict" not in dict(flow.deepcopy().named_predictors())
    assert [stage.name for _, stage in stages_of(flow)].count("WriteCode") == 1
    thaw(flow)
    assert [name for name, _ in flow.named_predictors()] == before


def test_a_compilation_leaves_frozen_stages_alone_and_saves_them(monkeypatch, tmp_path):
    isolate(monkeypatch, tmp_path / "cache")
    use_lm(monkeypatch, answer_rule())
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "start", "alphacodium")
    options = [
        "--start",
        start,
        "--data",
        data,
        "--optimizer",
        "bootstrap",
        "--demos",
        "1",
        "--no-gate",
        "--only",
        "WriteCode",
        "WriteTests",
    ]
    printed(monkeypatch, optimize.compile.main, *options, "--out", tmp_path / "out")
    program, manifest = artifact.load(tmp_path / "out")
    with_demos = {name for name, predictor in program.named_predictors() if predictor.demos}
    assert with_demos == {"write_code.write_code.predict", "write_tests.write_tests.predict"}
    assert (
        len(manifest.predictors) == 10 and manifest.compile and manifest.compile["only"] == ["WriteCode", "WriteTests"]
    )
    assert set(json.loads((tmp_path / "out" / "program.json").read_text())) >= set(manifest.predictors)


def test_demonstrations_of_a_frozen_stage_stay(monkeypatch, tmp_path):
    isolate(monkeypatch, tmp_path / "cache")
    use_lm(monkeypatch, answer_rule())
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "start", "alphacodium")
    options = ["--data", data, "--optimizer", "bootstrap", "--demos", "1", "--no-gate"]
    printed(monkeypatch, optimize.compile.main, *options, "--start", start, "--out", tmp_path / "one")
    more = ["--start", tmp_path / "one", "--freeze", "RankSolutions", "--limit", "1", "--match", VALID[3].name]
    printed(monkeypatch, optimize.compile.main, *options, *more, "--out", tmp_path / "two")
    one, two = (dict(artifact.load(tmp_path / name)[0].named_predictors()) for name in ("one", "two"))
    assert two["plan.rank_solutions.predict"].demos == one["plan.rank_solutions.predict"].demos != []
    assert two["understand.reflect.predict"].demos != one["understand.reflect.predict"].demos


def test_a_stage_that_the_program_does_not_have_is_refused(monkeypatch, tmp_path, capsys):
    isolate(monkeypatch, tmp_path / "cache")
    data, start = write_pack(tmp_path / "data"), write_start(tmp_path / "start", "direct")
    options = ["--start", start, "--data", data, "--out", tmp_path / "out", "--freeze", "WriteCode"]
    assert call(monkeypatch, optimize.compile.main, *options) == 2
    assert "has no stage WriteCode; its stages are SolveDirectly" in capsys.readouterr().err
